package exporters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// HeartbeatType is what the JSON of a heartbeat has as its type; that of an alert has no type.
const HeartbeatType = "heartbeat"

// HeartbeatDocument is a heartbeat in JSON.
type HeartbeatDocument struct {
	Type        string              `json:"type"`
	ID          string              `json:"id"`
	Destination string              `json:"destination"`
	Time        string              `json:"time"`
	Interval    float64             `json:"intervalSeconds"`
	Product     string              `json:"product"`
	Version     string              `json:"version"`
	Instance    string              `json:"instance,omitempty"`
	Watermarks  []DocumentWatermark `json:"watermarks,omitempty"`
	Analysis    *DocumentAnalysis   `json:"analysis,omitempty"`
	DocumentDelivery
	// Events is how the forwarding of events is doing.
	Events *DocumentDelivery `json:"events,omitempty"`
}

// DocumentWatermark is the event time up to which the events of a tenant have come in.
type DocumentWatermark struct {
	Tenant string `json:"tenant"`
	// Time is empty before the first event.
	Time string `json:"time,omitempty"`
	// Lag is how long before the heartbeat that was.
	Lag float64 `json:"lagSeconds,omitempty"`
}

// DocumentAnalysis is how the detections are doing.
type DocumentAnalysis struct {
	FailingCount int `json:"failingDetectionCount"`
	// Through is up to when everything that came in has been through every detection, and Lag how long before the heartbeat that was.
	Through string  `json:"analyzedTime"`
	Lag     float64 `json:"lagSeconds"`
}

// DocumentDelivery is how a delivery is doing.
type DocumentDelivery struct {
	State             string  `json:"state"`
	PendingCount      uint64  `json:"pendingCount"`
	OldestPendingTime string  `json:"oldestPendingTime,omitempty"`
	PendingSeconds    float64 `json:"pendingSeconds,omitempty"`
	DeliveredCount    uint64  `json:"deliveredCount"`
	DeadLetterCount   uint64  `json:"deadLetterCount"`
	LastSuccessTime   string  `json:"lastSuccessTime,omitempty"`
}

// NewHeartbeatDocument returns the heartbeat as a document.
func NewHeartbeatDocument(h *Heartbeat) HeartbeatDocument {
	d := HeartbeatDocument{Type: HeartbeatType, ID: h.ID, Destination: h.Destination, Time: timestamp(h.Time), Interval: h.Interval.Seconds(), Product: "Sealwatch", Version: h.Version, Instance: h.Instance,
		DocumentDelivery: DocumentDelivery{h.State, h.Pending, timestamp(h.OldestPending), h.since(h.OldestPending), h.Delivered, h.DeadLetters, timestamp(h.LastSuccess)}}
	for _, w := range h.Watermarks {
		d.Watermarks = append(d.Watermarks, DocumentWatermark{w.Tenant, timestamp(w.Time), h.since(w.Time)})
	}
	if a := h.Analysis; a != nil {
		d.Analysis = &DocumentAnalysis{a.Failing, timestamp(a.Through), h.AnalysisLag()}
	}
	if e := h.Events; e != nil {
		d.Events = &DocumentDelivery{e.State, e.Pending, timestamp(e.OldestPending), h.since(e.OldestPending), e.Delivered, e.DeadLetters, timestamp(e.LastSuccess)}
	}
	return d
}

// since are the seconds from then to the heartbeat, in milliseconds; 0 for no time, and for one after it.
func (h *Heartbeat) since(then time.Time) float64 {
	if then.IsZero() {
		return 0
	}
	return max(0, h.Time.Sub(then).Truncate(time.Millisecond).Seconds())
}

// Lag are the seconds between the heartbeat and the watermark that is furthest behind, which is returned too; ok is false while there
// is none.
func (h *Heartbeat) Lag() (seconds float64, furthest Watermark, ok bool) {
	for _, w := range h.Watermarks {
		if !w.Time.IsZero() && (!ok || w.Time.Before(furthest.Time)) {
			furthest, ok = w, true
		}
	}
	return h.since(furthest.Time), furthest, ok
}

// AnalysisLag are the seconds between the heartbeat and that up to which every detection has been; 0 when that is not known.
func (h *Heartbeat) AnalysisLag() float64 {
	if h.Analysis == nil {
		return 0
	}
	return h.since(h.Analysis.Through)
}

// PendingSeconds are how long the oldest change has waited.
func (h *Heartbeat) PendingSeconds() float64 { return h.since(h.OldestPending) }

// Text says in words what it is, for readers of a format that has a place for a message.
func (h *Heartbeat) Text() string {
	text := fmt.Sprintf("Heartbeat of Sealwatch, no alert: destination %s is %s, %d changes wait", h.Destination, h.State, h.Pending)
	switch a := h.Analysis; {
	case a == nil || a.Failing == 0:
	case a.Failing == 1:
		text += ", 1 detection fails"
	default:
		text += fmt.Sprintf(", %d detections fail", a.Failing)
	}
	return text
}

// Encode returns the document as one line of JSON, as Document.Encode does.
func (d *HeartbeatDocument) Encode() ([]byte, error) { return encodeLine(d) }

func encodeLine(d any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("encoding as JSON: %w", err)
	}
	return EscapeInvisible(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}
