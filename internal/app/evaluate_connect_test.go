package app_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/ingest"
	"github.com/sealwatch/sealwatch/ingest/classify"
	"github.com/sealwatch/sealwatch/ingest/connect"
	"github.com/sealwatch/sealwatch/internal/event"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

// TestSimulatedDeliveriesAreTaken: each delivery of the simulation is one that a receiver takes, of a class that is known.
func TestSimulatedDeliveriesAreTaken(t *testing.T) {
	c, err := classify.New(classify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := ingest.NewNormaliser(ingest.NormaliserOptions{Classifier: c})
	if err != nil {
		t.Fatal(err)
	}
	g, err := simulate.New(simulate.Options{Seed: 5, Users: 30, Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC), Attacks: simulate.ConnectKinds(), AttacksPerDay: 3, Connect: true})
	if err != nil {
		t.Fatal(err)
	}
	classes, ids := map[string]int{}, map[string]string{}
	for {
		item, err := g.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !item.Delivery {
			continue
		}
		r, err := connect.Parse("simulation", item.JSON)
		if err != nil {
			t.Fatalf("%s: %v", item.JSON, err)
		}
		if before, known := ids[r.EventID]; known && before != item.ID {
			t.Errorf("two deliveries are one event: %s", item.JSON)
		}
		ids[r.EventID] = item.ID
		e := n.Event(*r, event.Origin{Tenant: "t", Source: "connect/simulation"}, item.Arrival)
		if !e.Time.Equal(item.Time) || e.Channel != connect.Channel {
			t.Fatalf("%s: %+v", item.JSON, e)
		}
		classes[e.Activity]++
	}
	for _, class := range []string{"send", "void", "correct", "decline", "recipient_authentication", "create", "update"} {
		if classes[class] == 0 {
			t.Errorf("no delivery is of the class %s: %v", class, classes)
		}
	}
	if classes["unknown"] > 0 {
		t.Errorf("classes %v", classes)
	}
}
