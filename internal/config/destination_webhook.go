package config

import (
	"net/url"
	"strings"
	"time"
)

// WebhookDestination is a web server that takes alerts as JSON, signed as Standard Webhooks 1.0 says.
type WebhookDestination struct {
	// Address that requests are posted to: https://HOST/PATH, or http with a loopback address. sealwatch config print shows the whole of
	// it, so a secret belongs into a file.
	URL string `yaml:"url"`
	// How the alerts of a request are written: array (one JSON array) or lines (one JSON object a line). Empty is array.
	Form string `yaml:"form,omitempty"`
	// What an alert looks like: json (that of the REST API) or ocsf (Detection Finding). Empty is json.
	Format string `yaml:"format,omitempty"`
	// Where a person finds an alert, as an address in which {id} stands for the alert's id; it goes into ocsf.
	AlertURL string `yaml:"alertUrl,omitempty"`
	// File that holds the secret which requests are signed with (HMAC-SHA256), 24 bytes at least, or Base64 behind whsec_, with mode 0600 or
	// 0640 at most. Empty does not sign.
	SecretFile string `yaml:"secretFile,omitempty"`
	// File that holds the token which the server wants, with mode 0600 or 0640 at most. It is read each time.
	TokenFile string `yaml:"tokenFile,omitempty"`
	// Header that the token goes into, as it is. Empty sends it as Authorization: Bearer.
	TokenHeader string `yaml:"tokenHeader,omitempty"`
	// File of certificate authorities in PEM that are trusted beside the system's.
	CAFile string `yaml:"caFile,omitempty"`
	// Whether the server may have an address that is not of the Internet, one of your own network.
	AllowPrivate bool `yaml:"allowPrivate,omitempty"`
	// Most bytes of a request's body. 0 is 1048576 (1 MiB).
	MaxBytes int `yaml:"maxBytes,omitempty"`
	// How long a request may take. 0 is 30s.
	Timeout time.Duration `yaml:"timeout,omitempty"`
}

// Endpoints implements Block.
func (w *WebhookDestination) Endpoints() []string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

// Authorities implements Block.
func (w *WebhookDestination) Authorities() string { return w.CAFile }

func (w *WebhookDestination) paths() []*string {
	return []*string{&w.SecretFile, &w.TokenFile, &w.CAFile}
}

func (w *WebhookDestination) validate(p *problems, key func(string) string) {
	if address, _, _ := strings.Cut(w.URL, "?"); !safeEndpoint(address) {
		p.add(key("url"), withoutUser(w.URL), "https://HOST/PATH, or http://127.0.0.1:PORT/PATH, without a name or a password")
	}
	if w.Form != "" {
		p.oneOf(key("form"), w.Form, "array", "lines")
	}
	if w.Format != "" {
		p.oneOf(key("format"), w.Format, "json", "ocsf")
	}
	validateAlertURL(p, key("alertUrl"), w.AlertURL)
	p.file(key("secretFile"), w.SecretFile)
	p.file(key("tokenFile"), w.TokenFile)
	p.file(key("caFile"), w.CAFile)
	if w.MaxBytes != 0 {
		p.within(key("maxBytes"), int64(w.MaxBytes), 4096, 64<<20)
	}
	if w.Timeout != 0 && (w.Timeout < time.Second || w.Timeout > time.Minute) {
		p.add(key("timeout"), w.Timeout, "1s to 1m")
	}
}

// withoutUser is the scheme and the host of an address, with dots where more follows: a name, the path and a query may be secrets.
func withoutUser(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		text := u.Scheme + "://" + u.Host
		if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			text += "/..."
		}
		return text
	}
	return "an address that cannot be read"
}
