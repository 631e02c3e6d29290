package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sealwatch/sealwatch/client"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/upload"
	people "github.com/sealwatch/sealwatch/ingest/directory"
	"github.com/sealwatch/sealwatch/internal/simulate"
)

const (
	// demoLead is how long before the present the attacks begin, so that there is something to see at once.
	demoLead = 15 * time.Minute
	// demoAttacksPerDay is about one in 75 seconds.
	demoAttacksPerDay = 24 * 60 * 60 / 75
	// demoSpan is how long live traffic goes on at most.
	demoSpan = 7 * 24 * time.Hour
	// demoPatience is how long the service may be away.
	demoPatience = time.Minute
	// demoDirectorySource is the name of the organisation's directory.
	demoDirectorySource = "entra"
)

// demoAttacks are the kinds that a newcomer understands at a glance; there is no noise either.
func demoAttacks() []string { return []string{"impossible_travel", "failed_logins"} }

// demoRun is the traffic and the alerts of one demo.
type demoRun struct {
	p     *process
	flags *demoFlags
	conn  *grpc.ClientConn
	// now is when the demo began: what happened before is sent at once, the rest when its time has come.
	now time.Time

	mu              sync.Mutex
	people          map[string]string
	events, alerted int
}

// traffic plays the organisation.
func (d *demoRun) traffic(ctx context.Context) error {
	g, err := simulate.New(simulate.Options{
		Seed: d.flags.seed, Users: d.flags.users, Start: d.now.AddDate(0, 0, -d.flags.days), End: d.now.Add(demoSpan),
		Attacks: demoAttacks(), Noise: map[string]float64{}, AttacksPerDay: demoAttacksPerDay, AttacksFrom: d.now.Add(-demoLead), Late: 0.05, Repeats: 0.002,
	})
	if err != nil {
		return usageError{err}
	}
	d.mu.Lock()
	d.people = map[string]string{}
	for _, u := range g.Users() {
		d.people[u.UserID] = u.UserName
	}
	d.mu.Unlock()
	if err := d.directory(ctx, g); err != nil {
		return err
	}
	d.p.print("%s; the last %s first, then live.", numbered(d.flags.users, "person or service account", "people and service accounts"), numbered(d.flags.days, "day", "days"))

	var first *simulate.Item
	begun := time.Now()
	total, err := d.upload(ctx, func() (upload.Record, error) {
		item, err := g.Next()
		if err != nil {
			return upload.Record{}, err
		}
		if item.Arrival.After(d.now) {
			first = &item
			return upload.Record{}, io.EOF
		}
		return upload.Record{JSON: item.JSON}, nil
	})
	if err != nil {
		return err
	}
	d.p.print("%s stored, after %s.", numbered(int(total.Accepted), "event of history is", "events of history are"), time.Since(begun).Round(100*time.Millisecond))
	d.p.print("")
	if first == nil {
		return nil
	}
	_, err = d.upload(ctx, func() (upload.Record, error) {
		item := first
		first = nil
		if item == nil {
			next, err := g.Next()
			if err != nil {
				return upload.Record{}, err
			}
			item = &next
		}
		select {
		case <-time.After(item.Arrival.Sub(d.p.now())):
			return upload.Record{JSON: item.JSON}, nil
		case <-ctx.Done():
			return upload.Record{}, context.Cause(ctx)
		}
	})
	return err
}

// directory lets the service know the organisation's people, by the way of sealwatch directory import.
func (d *demoRun) directory(ctx context.Context, g *simulate.Generator) error {
	var file bytes.Buffer
	if err := g.WriteDirectory(&file); err != nil {
		return err
	}
	list, err := people.NewReader(&file, people.Options{Source: demoDirectorySource, AsOf: d.now})
	if err != nil {
		return err
	}
	users, _, bad, err := readPeople(list, func(e error) { d.p.complain(e) })
	if err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%s of the directory rejected", numbered(bad, "person", "people"))
	}
	_, err = deliver(ctx, sealwatchv1.NewDirectoryServiceClient(d.conn), &sealwatchv1.DirectoryImport{Source: demoDirectorySource, AsOfTime: timestamppb.New(d.now), Full: true}, users)
	return err
}

// upload sends records until there are none left.
func (d *demoRun) upload(ctx context.Context, next func() (upload.Record, error)) (upload.Total, error) {
	before := 0
	away := &absence{say: func(line string) { d.p.say("%s", line) }}
	return upload.Run(ctx, next, upload.Options{
		Client: sealwatchv1.NewIngestServiceClient(d.conn), Patience: demoPatience, Linger: 100 * time.Millisecond,
		Acknowledged: func(t upload.Total) {
			away.acknowledged(t)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.events += int(t.Accepted) - before
			before = int(t.Accepted)
		},
		Rejected: func(r upload.Rejection) { d.p.say("a record was rejected: %s: %s", r.Field, r.Problem) },
		Retrying: away.retrying,
	})
}

// alerts prints every alert.
func (d *demoRun) alerts(ctx context.Context) error {
	t := &tail{client: client.New(d.conn), filter: &sealwatchv1.AlertFilter{}, after: client.First, say: d.p.say}
	return t.run(ctx, func(m client.Change) error {
		d.mu.Lock()
		name := d.people[m.Alert.GetSubject().GetId()]
		if m.Kind == sealwatchv1.AlertChange_ALERT_CHANGE_CREATED {
			d.alerted++
		}
		d.mu.Unlock()
		if m.Kind == sealwatchv1.AlertChange_ALERT_CHANGE_UPDATED || m.Kind == sealwatchv1.AlertChange_ALERT_CHANGE_DESCRIBED {
			return nil // an alert that grows is shown once
		}
		_, err := io.WriteString(d.p.out, alertStory(m.Alert, m.Kind, name))
		return err
	})
}

// report says what there was.
func (d *demoRun) report() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.p.print("")
	d.p.print("%s stored, %s raised.", numbered(d.events, "event", "events"), numbered(d.alerted, "alert", "alerts"))
}
