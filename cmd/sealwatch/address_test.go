package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTheHTTPPortIsToldFromNoService: whoever gives the address of the REST listener learns so, not of a preface.
func TestTheHTTPPortIsToldFromNoService(t *testing.T) {
	rest := httptest.NewServer(http.NotFoundHandler())
	defer rest.Close()
	address := strings.TrimPrefix(rest.URL, "http://")
	for _, args := range [][]string{{"alerts", "list"}, {"detections", "list"}, {"backtest"}} {
		code, _, errs := invoke(t, t.Context(), &process{}, append(args, "--addr", address)...)
		if code != exitError || !strings.Contains(errs, "this looks like the HTTP port. The gRPC port is 7400 unless grpcAddr says otherwise") || strings.Contains(errs, "preface") {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
}
