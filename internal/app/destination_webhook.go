package app

import (
	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/format"
	"github.com/sealwatch/sealwatch/exporters/webhook"
	"github.com/sealwatch/sealwatch/internal/config"
)

func newWebhook(b *config.WebhookDestination) (exporters.Exporter, error) {
	settings, err := payloadSettings(b.AlertURL)
	if err != nil {
		return nil, err
	}
	encoder, err := format.New(b.Format, settings)
	if err != nil {
		return nil, err
	}
	return webhook.New(webhook.Options{URL: b.URL, Form: webhook.Form(b.Form), Payload: encoder, SecretFile: b.SecretFile, TokenFile: b.TokenFile, TokenHeader: b.TokenHeader,
		CAFile: b.CAFile, AllowPrivate: b.AllowPrivate, MaxBytes: b.MaxBytes, Timeout: b.Timeout})
}
