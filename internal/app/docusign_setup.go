package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/internal/config"
)

// KeyPair returns the public half, in PEM, of the private key in a file. Where there is no such file, it makes a key pair of so
// many bits, and the file with it.
func KeyPair(name string, bits int) (public string, made bool, err error) {
	key, err := docusign.LoadKey(name)
	if errors.Is(err, os.ErrNotExist) {
		made = true
		key, err = docusign.MakeKey(name, bits)
	}
	if err != nil {
		return "", false, err
	}
	public, err = docusign.PublicKey(key)
	return public, made, err
}

// MonitorConsent says whether DocuSign gives a token to a source, which needs a consent, and where that is given. An error is what
// else keeps the token away.
func MonitorConsent(ctx context.Context, m config.MonitorSource) (given bool, address string, err error) {
	client, stream, err := openMonitor(m, slog.New(slog.DiscardHandler))
	if err != nil {
		return false, "", err
	}
	defer client.Close()
	address = client.ConsentURL(stream.Scopes())
	var refused *docusign.Error
	switch err := client.Token(ctx, stream.Scopes()); {
	case err == nil:
		return true, address, nil
	case errors.As(err, &refused) && refused.Kind == docusign.KindConsent:
		return false, address, nil
	default:
		return false, address, err
	}
}

// TryMonitor tries a source that is in no configuration yet, as DoctorMonitor does, and returns the organisation that it found.
func TryMonitor(ctx context.Context, m config.MonitorSource, report func(Step)) (organization string, err error) {
	e := examination{source: monitorSource(m.Name), report: report}
	e.monitor(ctx, m)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case e.broken:
		return "", fmt.Errorf("app: source %s cannot be read", e.source)
	}
	return e.organization, nil
}
