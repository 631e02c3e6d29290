package file_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/exporters/exportertest"
	"github.com/sealwatch/sealwatch/exporters/file"
)

type killed struct{}

// TestKilledAnywhere stops the writer at random: inside a write, before and after a sync, between the steps of a rotation and of a
// compression; and takes from the file what was never synced, as a machine does that loses power. Whatever was said to be delivered is
// there, each line is whole, and a repetition has the same id and sequence.
func TestKilledAnywhere(t *testing.T) {
	at := map[string]int{}
	for seed := range uint64(16) {
		killedAnywhere(t, rand.New(rand.NewPCG(seed, 7)), at)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for _, what := range []string{"opened", "writing", "torn", "written", "synced", "rotating", "renamed", "rotated", "packing", "part", "packed"} {
		if at[what] == 0 {
			t.Errorf("it was never stopped at %q: %v", what, at)
		}
	}
}

func killedAnywhere(t *testing.T, random *rand.Rand, at map[string]int) {
	folder := t.TempDir()
	path := filepath.Join(folder, "alerts.ndjson")
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	changes := exportertest.Changes(1, 120)
	for i := range changes {
		changes[i].Sequence = uint64(i + 1)
		if i%7 == 0 {
			changes[i] = exportertest.NastyChange(i + 1)
			changes[i].Sequence = uint64(i + 1)
		}
	}
	cursor, kills, repeated := 0, 0, 0
	for cursor < len(changes) {
		left := 1 + random.IntN(30) // steps until the process is killed
		x, err := file.New(file.Options{Path: path, MaxBytes: 30_000, MaxAge: time.Minute, Clock: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		durable := int64(-1)
		step := func(what string) {
			if what == "synced" || what == "opened" || what == "repaired" {
				durable = size(path)
			}
			if left--; left == 0 && kills < 60 {
				at[what]++
				panic(killed{})
			}
		}
		x.OnStep(step)
		x.OnWrite(func(f *os.File, b []byte) (int, error) {
			if left > 1 || kills >= 60 || random.IntN(2) == 0 {
				return f.Write(b)
			}
			f.Write(b[:random.IntN(len(b))])
			at["torn"]++
			panic(killed{})
		})
		if died := dies(func() {
			for cursor < len(changes) {
				end := min(len(changes), cursor+1+random.IntN(25))
				if err := x.Export(t.Context(), changes[cursor:end]); err != nil {
					t.Errorf("export: %v", err)
					return
				}
				cursor = end
				now = now.Add(time.Duration(random.IntN(50)-10) * time.Second) // the clock goes back as well
				if random.IntN(3) == 0 {
					if err := x.Tidy(t.Context(), 0, true); err != nil {
						t.Errorf("tidy: %v", err)
						return
					}
				}
			}
		}); died {
			kills++
			if random.IntN(2) == 0 && durable >= 0 && size(path) > durable { // power is lost
				if err := os.Truncate(path, durable+random.Int64N(size(path)-durable+1)); err != nil {
					t.Fatal(err)
				}
			}
		} else if t.Failed() {
			return
		}
		x.Die()
	}
	// One more start tidies what the last one left.
	x, err := file.New(file.Options{Path: path, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Tidy(t.Context(), 0, true); err != nil {
		t.Fatal(err)
	}
	seen, last := map[uint64]bool{}, uint64(0)
	for _, line := range lines(t, folder, "alerts", false) {
		var d exporters.Document
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		if want := changes[d.Sequence-1].ID; d.Name != "alerts/"+want {
			t.Fatalf("change %d is of %s, want %s", d.Sequence, d.Name, want)
		}
		if seen[d.Sequence] {
			repeated++
		} else if d.Sequence != last+1 {
			t.Fatalf("change %d came for the first time behind %d", d.Sequence, last)
		}
		seen[d.Sequence], last = true, max(last, d.Sequence)
	}
	if len(seen) != len(changes) {
		t.Errorf("%d of %d changes are there after %d kills", len(seen), len(changes), kills)
	}
	if parts, _ := filepath.Glob(filepath.Join(folder, "*.part")); len(parts) > 0 {
		t.Errorf("left over: %v", parts)
	}
}

func size(path string) int64 {
	if s, err := os.Stat(path); err == nil {
		return s.Size()
	}
	return 0
}

func dies(f func()) (died bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, died = p.(killed); !died {
				panic(p)
			}
		}
	}()
	f()
	return false
}
