package app

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"

	"github.com/sealwatch/sealwatch/exporters/splunk"
	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/internal/config"
	"github.com/sealwatch/sealwatch/internal/secretfile"
)

func newSplunk(c *config.SplunkDestination, log *slog.Logger) (*splunk.Exporter, error) {
	var roots *x509.CertPool
	if c.CAFile != "" {
		var err error
		if roots, err = docusign.LoadRoots(c.CAFile); err != nil {
			return nil, err
		}
	}
	settings, err := payloadSettings(c.AlertURL)
	if err != nil {
		return nil, err
	}
	return splunk.New(splunk.Options{
		Endpoints: c.Collectors, Token: secretOf("token", c.TokenFile, c.TokenVariable), Index: c.Index, Source: c.Source, Sourcetype: c.Sourcetype,
		Host: c.Host, Roots: roots, MaxBytes: c.MaxBytes, NoGzip: c.Compression == "none", NoAck: c.Acknowledgement == "off", AckTimeout: c.AckTimeout,
		Payload: settings, Logger: log,
	})
}

// batchChanges is how many changes are on their way at once; 0 is what others take. The indexers of Splunk acknowledge after seconds, so
// that this is what bounds how fast a backlog is worked off.
func batchChanges(d *config.Destination) int {
	if d.Splunk != nil {
		return 500
	}
	return 0
}

// maxToken bounds a file with a token.
const maxToken = 64 << 10

// secretOf reads a secret from its file, or from the environment. No error holds any of it.
func secretOf(what, file, variable string) func() (string, error) {
	return func() (string, error) {
		if file != "" {
			text, err := secretfile.Read(what, file, maxToken)
			return string(text), err
		}
		text, found := os.LookupEnv(variable)
		if !found {
			return "", fmt.Errorf("%s: the environment variable %s is not set", what, variable)
		}
		return text, nil
	}
}
