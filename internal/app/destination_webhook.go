package app

import (
	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/webhook"
	"github.com/sealwatch/sealwatch/internal/config"
)

func newWebhook(b *config.WebhookDestination) (exporters.Exporter, error) {
	return webhook.New(webhook.Options{URL: b.URL, Form: webhook.Form(b.Form), SecretFile: b.SecretFile, TokenFile: b.TokenFile, TokenHeader: b.TokenHeader,
		CAFile: b.CAFile, AllowPrivate: b.AllowPrivate, MaxBytes: b.MaxBytes, Timeout: b.Timeout})
}
