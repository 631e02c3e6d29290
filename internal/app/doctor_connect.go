package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/ingest/connect"
	"github.com/sealwatch/sealwatch/internal/config"
)

// connectAnswer bounds what is read of an answer, connectPatience how long it is waited for.
const (
	connectAnswer   = 4 << 10
	connectPatience = 20 * time.Second
)

// connectCheckups try the sources of DocuSign Connect: their keys, and where it is known, the address at which DocuSign delivers.
func connectCheckups(cfg config.Config) (all []checkup) {
	for _, c := range cfg.Sources.Connect {
		one := cfg
		one.Sources.Connect = []config.ConnectSource{c}
		all = append(all, checkup{"connect/" + c.Name, func(ctx context.Context, e *examination) {
			var keys []connect.Key
			e.step("HMAC keys", func() (string, string, error) {
				sources, err := connectSources(one)
				if err == nil {
					keys = sources[0].Keys
				}
				return StepOK, fmt.Sprintf("%s; DocuSign has to sign with one of them and deliver to /v1/connect/%s over HTTPS", counted(len(c.HMACKeyFiles), "key"), c.Name), err
			})
			address := c.Address
			if address == "" {
				address = ownListener(cfg.HTTPAddr, c.Name)
			} else {
				e.web(ctx, address, nil)
				e.step("delivery", func() (string, string, error) { return tryDelivery(ctx, address) })
			}
			if address != "" {
				e.step("signed delivery", func() (string, string, error) { return trySigned(ctx, address, c, keys) })
			}
		}})
	}
	return all
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// ownListener is where the service of this configuration takes the deliveries of a source on this machine; empty where it takes any
// free port.
func ownListener(addr, source string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "0" || port == "" {
		return ""
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/v1/connect/" + source
}

// trySigned delivers, for each key, what says of itself that it is a trial and is stored nowhere, as DocuSign would sign it.
func trySigned(ctx context.Context, address string, c config.ConnectSource, keys []connect.Key) (outcome, text string, err error) {
	body := connect.TrialBody(time.Now())
	for i, k := range keys {
		status, answer, err := deliver(ctx, address, body, k.Signature(body))
		switch {
		case err != nil && c.Address == "":
			return StepWarning, fmt.Sprintf("nothing answers at %s (httpAddr): start the service, and this is tried", address), nil
		case err != nil:
			return "", "", err
		case status == http.StatusOK && strings.Contains(answer, `"trial"`):
		case status == http.StatusOK:
			return "", "", fmt.Errorf("what answers at %s took the delivery and did not know it for a trial: it is no Sealwatch, or an older one", address)
		case status == http.StatusUnauthorized:
			return "", "", fmt.Errorf("the service refuses what is signed with the key in %s: it does not have that key for this source; it was started with another file or before the file changed, so restart it", c.HMACKeyFiles[i])
		case status == http.StatusNotFound:
			return "", "", fmt.Errorf("there is no source of DocuSign Connect at %s: restart the service with this configuration", address)
		default:
			return StepWarning, fmt.Sprintf("the answer to a signed delivery is %d %s, from the service or the proxy in front", status, http.StatusText(status)), nil
		}
	}
	return StepOK, fmt.Sprintf("a trial signed with %s came back as known, and was stored nowhere; whether DocuSign has the same, its own first delivery shows", counted(len(keys), "key")), nil
}

// deliver posts a body as DocuSign does; without a signature when that is empty.
func deliver(ctx context.Context, address string, body []byte, signature string) (status int, answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", errors.New("the address cannot be read")
	}
	r.Header.Set("Content-Type", "application/json")
	if signature != "" {
		r.Header.Set("X-DocuSign-Signature-1", signature)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // the standard library's own
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", fmt.Errorf("nothing answers at %s: %w; look at the proxy in front", address, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, connectAnswer))
	return resp.StatusCode, string(text), nil
}

// tryDelivery makes a delivery without a signature, which Sealwatch refuses in words of its own.
func tryDelivery(ctx context.Context, address string) (outcome, text string, err error) {
	code, body, err := deliver(ctx, address, []byte("{}"), "")
	if err != nil {
		return "", "", err
	}
	status := fmt.Sprintf("%d %s", code, http.StatusText(code))
	switch {
	case code == http.StatusUnauthorized && strings.Contains(body, "not signed with a key that is known here"):
		return StepOK, "the proxy passes deliveries on, and Sealwatch refuses this one because it is not signed, as it should", nil
	case code == http.StatusNotFound && strings.Contains(body, "sources.connect"):
		return "", "", errors.New("a Sealwatch answers that has no source of DocuSign Connect: restart it with this configuration")
	case code >= 300 && code < 400:
		return "", "", fmt.Errorf("the proxy answers with a redirection (%s), which DocuSign does not follow: write the address to which it leads", status)
	case code >= http.StatusInternalServerError:
		return StepWarning, fmt.Sprintf("the proxy answers %s: the service does not run, or the proxy passes to another address than httpAddr", status), nil
	}
	path := address
	if u, err := url.Parse(address); err == nil {
		path = u.Path
	}
	return "", "", fmt.Errorf("somebody else answers: %s; the proxy has to pass POST %s on to httpAddr as it is, without a log-on of its own", status, path)
}
