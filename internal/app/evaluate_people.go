package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	people "github.com/sealwatch/sealwatch/ingest/directory"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

// addSimulatedPeople takes the organisation's directory in, as it stands at the end of the scenario, by way of the file that
// simulate writes.
func addSimulatedPeople(ctx context.Context, db *clickhouse.DB, s *simulate.Scenario) error {
	g, err := simulate.New(s.Options())
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := g.WriteDirectory(&file); err != nil {
		return fmt.Errorf("app: simulated directory: %w", err)
	}
	d := directory.Delivery{Tenant: s.Name, Source: "entra", AsOf: s.Options().End}
	list, err := people.NewReader(&file, people.Options{Source: d.Source, AsOf: d.AsOf})
	if err != nil {
		return fmt.Errorf("app: simulated directory: %w", err)
	}
	for {
		r, err := list.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("app: simulated directory: %w", err)
		}
		r.Tenant = s.Name
		d.Records = append(d.Records, r)
	}
	states, _, _ := directory.Plan(&d, directory.History{})
	if err := db.AddPeople(ctx, states); err != nil {
		return err
	}
	return db.IndexLeavers(ctx, s.Name)
}
