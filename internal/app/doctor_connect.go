package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

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
			e.step("HMAC keys", func() (string, string, error) {
				_, err := connectSources(one)
				return StepOK, fmt.Sprintf("%s; DocuSign has to sign with one of them and deliver to /v1/connect/%s over HTTPS", counted(len(c.HMACKeyFiles), "key"), c.Name), err
			})
			if c.Address == "" {
				return
			}
			e.web(ctx, c.Address, nil)
			e.step("delivery", func() (string, string, error) { return tryDelivery(ctx, c.Address) })
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

// tryDelivery makes a delivery without a signature, which Sealwatch refuses in words of its own.
func tryDelivery(ctx context.Context, address string) (outcome, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("{}"))
	if err != nil {
		return "", "", errors.New("the address cannot be read")
	}
	r.Header.Set("Content-Type", "application/json")
	transport := http.DefaultTransport.(*http.Transport).Clone() // the standard library's own
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		return "", "", fmt.Errorf("nothing answers at %s: %w; look at the proxy in front", address, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, connectAnswer))
	switch {
	case resp.StatusCode == http.StatusUnauthorized && strings.Contains(string(body), "not signed with a key that is known here"):
		return StepOK, "the proxy passes deliveries on, and Sealwatch refuses this one because it is not signed, as it should", nil
	case resp.StatusCode == http.StatusNotFound && strings.Contains(string(body), "sources.connect"):
		return "", "", errors.New("a Sealwatch answers that has no source of DocuSign Connect: restart it with this configuration")
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return "", "", fmt.Errorf("the proxy answers with a redirection (%s), which DocuSign does not follow: write the address to which it leads", resp.Status)
	case resp.StatusCode >= http.StatusInternalServerError:
		return StepWarning, fmt.Sprintf("the proxy answers %s: the service does not run, or the proxy passes to another address than httpAddr", resp.Status), nil
	}
	return "", "", fmt.Errorf("somebody else answers: %s; the proxy has to pass POST %s on to httpAddr as it is, without a log-on of its own", resp.Status, r.URL.Path)
}
