package main

import (
	"github.com/spf13/cobra"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

func (p *process) directoryConfirm() *cobra.Command {
	request := &sealwatchv1.ConfirmDirectoryDeliveryRequest{}
	c := &cobra.Command{
		Use:   "confirm SOURCE",
		Short: "Let a held delivery of a directory be applied",
		Long: "Let a delivery be applied that is held because too many people would leave, of a directory that the service reads by itself. The\n" +
			"alert about it (directory_hold) says how many leave: a delivery by which more leave stays held. The directory is read again at\n" +
			"once. A held file is confirmed by importing it again with --confirm.",
		Example: "  sealwatch directory confirm entra --left 37",
		Args:    cobra.ExactArgs(1),
	}
	address := p.addressFlag(c)
	c.Flags().Int32Var(&request.Left, "left", 0, "how many people leave, as the alert says (required)")
	if err := c.MarkFlagRequired("left"); err != nil {
		return c // the flag is there
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		conn, err := connect(*address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		request.Source = args[0]
		r, err := sealwatchv1.NewDirectoryServiceClient(conn).ConfirmDirectoryDelivery(c.Context(), request)
		if err != nil {
			return err
		}
		p.print("confirmed: %d of %s of %s leave; it is read again now, and the alert is resolved when it is applied", r.GetLeft(), numbered(int(r.GetActiveBefore()), "active person", "active people"), terminal.Text(args[0]))
		return nil
	}
	return c
}
