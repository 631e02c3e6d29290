package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
)

func (p *process) detectionsCommand() *cobra.Command {
	c := &cobra.Command{Use: "detections", Short: "Show what is looked for, and how each detection is doing"}
	c.AddCommand(p.detectionsList(), p.detectionsShow())
	return c
}

func (p *process) detectionsList() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List the detections with their state",
		Long: "List the detections: whether each is ok, blind (it lacks events that it needs, so that finding nothing means nothing), failing or\n" +
			"off, and why; since when it judges as it does; and how many alerts of it stand. With -o json the output is one JSON array of the\n" +
			"objects that GET /v1/detections/<id> returns.",
		Example: "  sealwatch detections list",
		Args:    cobra.NoArgs,
	}
	address, output := p.addressFlag(c), outputForms(c, "table")
	c.RunE = func(c *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		return p.listDetections(c.Context(), *address, asJSON)
	}
	return c
}

// listDetections asks for each detection by itself, since only that answer says whether it is blind.
func (p *process) listDetections(ctx context.Context, address string, asJSON bool) error {
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewDetectionServiceClient(conn)
	request := &sealwatchv1.ListDetectionsRequest{PageSize: 1000}
	shown := 0
	for {
		page, err := client.ListDetections(ctx, request)
		if err != nil {
			return err
		}
		if shown == 0 && !asJSON {
			p.print("%s%s%*s  %s", terminal.Cell("DETECTION", widthID), terminal.Cell("STATE", widthState), widthNumber, "ALERTS", "JUDGES SO SINCE")
		}
		for _, d := range page.GetDetections() {
			if d, err = client.GetDetection(ctx, &sealwatchv1.GetDetectionRequest{Name: d.GetName()}); err != nil {
				return err
			}
			text := detectionText(d, p.now())
			if asJSON {
				if text, err = messageJSON(d, "  "); err != nil {
					return err
				}
				text = listStart(shown) + text
			}
			if _, err := io.WriteString(p.out, text); err != nil {
				return err
			}
			shown++
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	if asJSON {
		p.print("%s", listEnd(shown))
	}
	return nil
}

// Widths of the columns of detections.
const (
	widthID    = 26
	widthState = 9
)

// detectionText is a detection in a line, with why it is not ok below.
func detectionText(d *sealwatchv1.Detection, now time.Time) string {
	var b strings.Builder
	s := d.GetStatus()
	state := strings.ToLower(strings.TrimPrefix(s.GetState().String(), "DETECTION_STATE_"))
	if s.GetState() == sealwatchv1.DetectionState_DETECTION_STATE_UNSPECIFIED {
		state = "unknown"
	}
	alerts := fmt.Sprint(s.GetActiveAlerts())
	if s.GetState() == sealwatchv1.DetectionState_DETECTION_STATE_OFF {
		alerts = "-"
	}
	fmt.Fprintf(&b, "%s%s%*s  %s\n", terminal.Cell(strings.TrimPrefix(d.GetName(), "detections/"), widthID), terminal.Cell(state, widthState), widthNumber, alerts, judgesSince(d, now))
	for _, reason := range []string{s.GetOffReason(), s.GetLastError()} {
		if reason != "" {
			fmt.Fprintf(&b, "    %s\n", terminal.Text(reason))
		}
	}
	writeMissing(&b, s.GetInputs())
	return b.String()
}

// mostMissing is how many missing inputs are named together.
const mostMissing = 3

// writeMissing says which inputs are missing, those with the same likeliest cause together.
func writeMissing(b *strings.Builder, inputs []*sealwatchv1.DetectionInput) {
	var causes []string
	names := map[string][]string{}
	for _, i := range inputs {
		if len(i.GetLikelyCauses()) == 0 {
			continue
		}
		cause := i.GetLikelyCauses()[0]
		if names[cause] == nil {
			causes = append(causes, cause)
		}
		names[cause] = append(names[cause], i.GetName())
	}
	for _, cause := range causes {
		all := names[cause]
		said := strings.Join(all[:min(len(all), mostMissing)], ", ")
		if more := len(all) - mostMissing; more > 0 {
			said += fmt.Sprintf(" and %d more", more)
		}
		fmt.Fprintf(b, "    no %s in seven days; most likely: %s\n", terminal.Text(said), terminal.Text(cause))
	}
}

// judgesSince says which version judges what happens now, and from when on; one that judges a span of the past alone does not.
func judgesSince(d *sealwatchv1.Detection, now time.Time) string {
	for _, v := range d.GetVersions() { // the newest first
		if !v.GetEndTime().AsTime().After(now) {
			continue
		}
		since := "the beginning"
		if at := v.GetStartTime().AsTime(); at.After(time.Unix(0, 0)) {
			since = stamp(at)
		}
		return fmt.Sprintf("%s (revision %d)", since, v.GetRevision())
	}
	return "-"
}
