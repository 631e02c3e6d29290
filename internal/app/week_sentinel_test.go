package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/sentinel"
	"github.com/sealwatch/sealwatch/exporters/sentinel/sentineltest"
	"github.com/sealwatch/sealwatch/internal/config"
)

// sentinel is a strict data collection rule, with Entra ID beside it, which is always well.
func (w *week) sentinel(name string) *destinationUnderTest {
	w.Helper()
	d := w.destination(name)
	d.reason = "InvalidRequestContent"
	streams := map[string]map[string]string{}
	for _, s := range sentinel.Streams() {
		streams[s.Name] = map[string]string{}
		for _, c := range s.Columns {
			streams[s.Name][c.Name] = c.Type
		}
	}
	rule := sentineltest.NewHandler(streams)
	entra := httptest.NewTLSServer(rule)
	w.Cleanup(entra.Close)
	var forgiven atomic.Bool
	read := func(row map[string]any) (id string, sequence uint64, t told, bad bool, err error) {
		text, err := json.Marshal(row["Document"])
		if err != nil {
			return "", 0, t, false, err
		}
		id, sequence, t, err = readDocument(string(text))
		return id, sequence, t, bytes.Contains(text, []byte(badMark)), err
	}
	rule.Refuse = func(row map[string]any) bool {
		id, sequence, _, bad, err := read(row)
		if err != nil || !bad || forgiven.Load() {
			return false
		}
		d.refuse(id, sequence)
		return true
	}
	receiver := exportertest.NewHTTPReceiver(w, func(answer http.ResponseWriter, r *http.Request) []exportertest.Delivery {
		for _, row := range rule.Serve(answer, r) {
			if row.Stream != sentinel.StreamCustom {
				continue // a heartbeat
			}
			id, sequence, t, _, err := read(row.Values)
			if err != nil {
				d.unreadable("%v in %v", err, row.Values)
				continue
			}
			d.arrived(id, sequence, t)
		}
		return nil
	})
	d.settings.Sentinel = &config.SentinelDestination{Endpoint: receiver.URL(), RuleID: sentineltest.RuleID, Table: "custom", TenantID: sentineltest.TenantID, ClientID: sentineltest.ClientID,
		ClientSecretFile: sentineltest.SecretFile(w, sentineltest.Secret), Authority: entra.URL, CAFile: receiver.CAFile()}
	w.misbehaves(d, receiver.Accept, []http.HandlerFunc{rejection(401, ""), rejection(403, `{"error":{"code":"OperationFailed","message":"no access"}}`), rejection(404, ""), rejection(503, "")}, receiver)
	d.forgive = func() { forgiven.Store(true) }
	d.last = func() {
		if l := rule.Losses(); len(l) > 0 {
			w.Errorf("%s: Azure would have lost: %s", name, strings.Join(l[:min(len(l), 10)], "; "))
		}
	}
	return d
}
