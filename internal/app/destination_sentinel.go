package app

import (
	"crypto/x509"

	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/ingest/docusign"
	"github.com/sealwatch/sealwatch/internal/config"
)

func newSentinel(b *config.SentinelDestination) (*sentinel.Exporter, error) {
	var roots *x509.CertPool
	if b.CAFile != "" {
		var err error
		if roots, err = docusign.LoadRoots(b.CAFile); err != nil {
			return nil, err
		}
	}
	settings, err := payloadSettings(b.AlertURL)
	if err != nil {
		return nil, err
	}
	return sentinel.New(sentinel.Options{
		Endpoint: b.Endpoint, RuleID: b.RuleID, Table: sentinel.Table(b.Table), Stream: b.Stream, Cloud: sentinel.Cloud(b.Cloud),
		Credential: sentinel.Credential{TenantID: b.TenantID, ClientID: b.ClientID, SecretFile: b.ClientSecretFile, CertificateFile: b.CertificateFile,
			ManagedIdentity: b.ManagedIdentity, TokenFile: b.WorkloadTokenFile},
		Authority: b.Authority, Roots: roots, AllowPrivate: b.AllowPrivate, MaxBytes: b.MaxBytes, Payload: settings,
	})
}
