package app

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/analytics"
	"github.com/sealwatch/sealwatch/internal/clickhouse/embedded"
	"github.com/sealwatch/sealwatch/internal/config"
)

// ownKeyDetection watches the keys by which Sealwatch itself reads.
const ownKeyDetection = "own_key"

// tuning is what the configuration says of the detections.
func tuning(cfg config.Config) map[string]analytics.Tuning {
	all := make(map[string]analytics.Tuning, len(cfg.Analysis.Detections)+1)
	for id, d := range cfg.Analysis.Detections {
		all[id] = analytics.Tuning{Disabled: d.Enabled != nil && !*d.Enabled, Parameters: d.Parameters, Scope: analytics.Scope{Include: analytics.Selection(d.Scope.Include), Exclude: analytics.Selection(d.Scope.Exclude)}}
	}
	all[ownKeyDetection] = ownKey(cfg, all[ownKeyDetection])
	return all
}

// ownKey fills in which keys are Sealwatch's own, and from where it uses them; what the operator wrote into the parameters
// wins. Where that is not known the detection has nothing to look for and is off.
func ownKey(cfg config.Config, t analytics.Tuning) analytics.Tuning {
	var keys, networks []string
	for _, m := range cfg.Sources.Monitor {
		if len(m.Egress) > 0 {
			keys, networks = append(keys, strings.ToLower(m.IntegrationKey)), append(networks, m.Egress...)
		}
	}
	parameters := map[string]string{}
	if len(keys) > 0 {
		parameters["integration_keys"], parameters["networks"] = list(keys), list(networks)
	}
	maps.Copy(parameters, t.Parameters)
	t.Parameters = parameters
	t.Disabled = t.Disabled || parameters["integration_keys"] == "" || parameters["networks"] == ""
	return t
}

// list is the value of a parameter of type Array(String), the same for every order.
func list(values []string) string {
	slices.Sort(values)
	text, err := json.Marshal(slices.Compact(values))
	if err != nil {
		return "[]" // texts can always be written
	}
	return string(text)
}

// backtestMemory is the most memory of one evaluation of a backtest, of which two run at once: a third of the engine's, so that the live analysis
// keeps its own. An outside server has limits of its own.
func backtestMemory(cfg config.Config) uint64 {
	if cfg.ClickHouse.DSN.Reveal() != "" {
		return 0
	}
	most := uint64(cfg.Engine.MaxMemoryBytes) //nolint:gosec // checked by the configuration
	return cmp.Or(most, embedded.DefaultMaxMemory) / 3
}
