package payload

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/exporters"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// View is an alert as flat formats see it.
type View struct {
	Change   *alert.Change
	Document *exporters.Document
	// Detection has the id as its title when nothing is known of it.
	Detection Detection
	ID        string
	// Addresses, Countries and Networks are what the alert tells of, in evidence and context, the addresses at issue first.
	Addresses           []netip.Addr
	Countries, Networks []string
	// URL where a person finds the alert; empty when there is none.
	URL string
}

// View of the change. What was shortened away is not in it.
func (s *Settings) View(c *alert.Change, d *exporters.Document) *View {
	v := &View{Change: c, Document: d, ID: strings.TrimPrefix(d.Name, "alerts/")}
	if known, ok := s.Detection(c.Detection); ok {
		v.Detection = known
	}
	if strings.HasPrefix(c.Detection, policy.DetectionPrefix) && v.Detection.Title == "" {
		// What a policy was called when it found this stands in the evidence.
		v.Detection.AddressPath = "ipAddresses"
		if name := at(d.Evidence, "policy"); len(name) > 0 {
			v.Detection.Title = name[0]
		}
	}
	if v.Detection.Title == "" {
		v.Detection.Title = d.Detection
	}
	if s.AlertURL != "" {
		v.URL = strings.ReplaceAll(s.AlertURL, "{id}", v.ID)
	}
	told := alert.Alert{Finding: alert.Finding{Subject: c.Subject, Evidence: string(d.Evidence)}}
	if d.Context != nil {
		told.Context = c.Context
	}
	facets := told.Facets()
	v.Countries, v.Networks = facets.Countries, facets.Networks
	for _, text := range at(d.Evidence, v.Detection.AddressPath) {
		v.addAddress(text)
	}
	for _, text := range facets.Addresses {
		if !slices.Contains(v.Networks, text) { // the first address of a network is none of anybody's
			v.addAddress(text)
		}
	}
	return v
}

func (v *View) addAddress(text string) {
	if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(v.Addresses, a.Unmap().WithZone("")) {
		v.Addresses = append(v.Addresses, a.Unmap().WithZone(""))
	}
}

func texts(value any, path []string) (all []string) {
	switch v := value.(type) {
	case string:
		if len(path) == 0 {
			all = []string{v}
		}
	case []any:
		for _, element := range v {
			all = append(all, texts(element, path)...)
		}
	case map[string]any:
		if len(path) > 0 {
			all = texts(v[path[0]], path[1:])
		}
	}
	return all
}

// User is the person whom the alert is about, as people write to them: the address, else the name, else the id. Empty when it is
// about something else.
func (v *View) User() string {
	d := v.Document
	if d.Subject.Type != "user" {
		return ""
	}
	for _, name := range []string{d.Subject.Email, v.person().Email, d.Subject.DisplayName, d.Subject.ID} {
		if name != "" {
			return name
		}
	}
	return ""
}

// Role of the person by the directory.
func (v *View) Role() string { return v.person().Role }

func (v *View) person() exporters.DocumentDirectory {
	if v.Document.Context == nil || v.Document.Context.Directory == nil {
		return exporters.DocumentDirectory{}
	}
	return *v.Document.Context.Directory
}

// Address is the first address of the family.
func (v *View) Address(v6 bool) string {
	for _, a := range v.Addresses {
		if a.Is6() == v6 {
			return a.String()
		}
	}
	return ""
}

// AllAddresses are those of both families, comma-separated.
func (v *View) AllAddresses() string {
	texts := make([]string, len(v.Addresses))
	for i, a := range v.Addresses {
		texts[i] = a.String()
	}
	return strings.Join(texts, ",")
}

// Device is the device with the most events.
func (v *View) Device() string {
	if c := v.Document.Context; c != nil && len(c.Devices) > 0 {
		return c.Devices[0].Value
	}
	return ""
}

// Kind of the change: created, updated, retracted or described.
func (v *View) Kind() string { return Word(v.Document.Change, "ALERT_CHANGE_") }

// State that a reader sees.
func (v *View) State() string { return Word(v.Document.State, "ALERT_STATE_") }

// Verdict is classification and reason, as far as there are any.
func (v *View) Verdict() string {
	c, r := Word(v.Document.Classification, "ALERT_CLASSIFICATION_"), Word(v.Document.Reason, "ALERT_REASON_")
	if r == "" {
		return c
	}
	return c + "/" + r
}

// SupersededBy is the id of the alert that took the place of this one.
func (v *View) SupersededBy() string { return strings.TrimPrefix(v.Document.SupersededBy, "alerts/") }

// Score as a decimal number; empty when it is none.
func (v *View) Score() string {
	f := v.Change.Score
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// Count of the events, within 32 bits.
func (v *View) Count() string { return strconv.FormatUint(min(v.Change.EventCount, math.MaxInt32), 10) }

// Sequence of the change.
func (v *View) Sequence() string {
	return strconv.FormatUint(min(v.Change.Sequence, math.MaxInt64), 10)
}

// Millis are the milliseconds since 1970; empty for a time before, and where there is none.
func Millis(t time.Time) string {
	if t.IsZero() || t.Year() > 9999 || t.UnixMilli() < 0 {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// Decimal is a number without an exponent.
func Decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
