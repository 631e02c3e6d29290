package analytics

import (
	"context"
	"net/netip"
	"time"

	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/clickhouse"
	"github.com/sealwatch/sealwatch/internal/directory"
	"github.com/sealwatch/sealwatch/internal/intelligence"
)

// Store is what the analysis needs of the database; *clickhouse.DB is one.
type Store interface {
	LastEventSequence(ctx context.Context) (uint64, error)
	Watermark(ctx context.Context, tenant string, line time.Time) (time.Time, error)
	FirstArrival(ctx context.Context, tenant string, after uint64) (time.Time, error)
	EarliestHeld(ctx context.Context, tenant string, line time.Time) (time.Time, error)
	ChangedSpans(ctx context.Context, q clickhouse.SpanQuery) ([]clickhouse.Span, error)
	Affected(ctx context.Context, detection, text, tenant string, changed map[string][]string, first, last, line time.Time, arguments []clickhouse.Argument) ([]clickhouse.Span, error)
	AddRechecks(ctx context.Context, token, tenant string, all []clickhouse.Recheck) error
	LastRecheck(ctx context.Context) (uint64, error)
	Rechecks(ctx context.Context, tenant string, after uint64) ([]clickhouse.Recheck, error)
	Postponed(ctx context.Context, tenant string) ([]clickhouse.Recheck, error)
	AddRanges(ctx context.Context, ranges []intelligence.Range) error
	RemoveRanges(ctx context.Context, tenant, source string, prefixes []netip.Prefix) (int, error)
	RebuildNetworks(ctx context.Context) error
	RebuildPlacements(ctx context.Context) error
	RangesChanged(ctx context.Context, tenant string, after uint64) (uint64, error)
	PlacesChanged(ctx context.Context, tenant string, after uint64) (bool, error)
	SubjectsOfPlaces(ctx context.Context, tenant string, after uint64) ([]clickhouse.Span, error)
	Misplaced(ctx context.Context, tenant string) (uint64, error)
	PlaceEvents(ctx context.Context, tenant string) error
	PendingRechecks(ctx context.Context, tenant, reason string, after uint64) ([]clickhouse.Recheck, error)
	UsersOfRanges(ctx context.Context, tenant string, after uint64) ([]clickhouse.Span, error)
	AddPeople(ctx context.Context, states []directory.State) error
	IndexLeavers(ctx context.Context, tenant string) error
	PeopleChanges(ctx context.Context, tenant string, after uint64) ([]clickhouse.PersonChange, error)
	UsersOfPeople(ctx context.Context, tenant string, keys []string, since time.Time) ([]clickhouse.Span, error)
	EvidenceChanged(ctx context.Context, tenant string, detections []string, after, upto uint64, limit int) ([]clickhouse.Evidence, error)
	EvidenceBefore(ctx context.Context, tenant string, detections, ids []string, upto uint64) ([]clickhouse.Evidence, error)
	SubjectsOfEvents(ctx context.Context, tenant string, types, ids []string, from, to time.Time) ([]clickhouse.Span, error)
	SubjectsOfSpans(ctx context.Context, tenant string, types []string, about []clickhouse.Span) ([]clickhouse.Span, error)
	SubjectsBetween(ctx context.Context, tenant string, types []string, from, to time.Time) ([]clickhouse.Span, error)
	DefineDetections(ctx context.Context, all []clickhouse.View) error
	DropDetections(ctx context.Context, ids []string) error
	DetectionVersions(ctx context.Context, tenant string) ([]alert.DetectionVersion, error)
	AddDetectionVersions(ctx context.Context, tenant string, all []alert.DetectionVersion) error
	Findings(ctx context.Context, c clickhouse.Call) ([]alert.Finding, error)
	EachFinding(ctx context.Context, c clickhouse.Call, each func(alert.Finding) error) error
	EventDays(ctx context.Context, tenant string, from, to time.Time) ([]clickhouse.EventDay, error)
	AlertsAnchored(ctx context.Context, tenant, detection string, from, to time.Time) ([]alert.Alert, error)
	RecheckReasons(ctx context.Context, tenant, prefix string) (map[[2]string]bool, error)
	Candidates(ctx context.Context, c clickhouse.Call) ([]string, error)
	Exceptions(ctx context.Context, tenant string) ([]alert.Exception, error)
	StoreException(ctx context.Context, e alert.Exception) error
	GetAlert(ctx context.Context, tenant, id string) (alert.Alert, error)
	AlertsOfSubjects(ctx context.Context, tenant, detection string, subjects []string) ([]alert.Alert, error)
	AlertsBeyond(ctx context.Context, tenant, detection string, from, to time.Time) (clickhouse.Beyond, error)
	AlertsRanked(ctx context.Context, tenant, detection string, from, to time.Time, limit int) ([]alert.Alert, error)
	AlertsByID(ctx context.Context, tenant string, ids []string) ([]alert.Alert, error)
	AlertsDue(ctx context.Context, tenant string, subjects []string, first, last, passed, watermark time.Time, limit int) ([]alert.Alert, error)
	Circumstances(ctx context.Context, tenant string, line time.Time, findings []*alert.Finding) ([]*alert.Context, error)
	HoursSeen(ctx context.Context, tenant string, line, from, to time.Time) ([]time.Time, error)
	DirectoryAt(ctx context.Context, tenant string, questions []directory.Question) ([]directory.Answer, error)
	AlertsMentioning(ctx context.Context, tenant string, users []string, limit int) ([]alert.Alert, error)
	NamesInEvents(ctx context.Context, tenant string, line time.Time, users, applications []string, first, last time.Time) (map[string]alert.Named, error)
	LoadCheckpoint(ctx context.Context, name string) (clickhouse.Checkpoint, bool, error)
	LoadCheckpoints(ctx context.Context, names []string) (map[string]clickhouse.Checkpoint, error)
	StoreCheckpoints(ctx context.Context, token string, all map[string]clickhouse.Checkpoint) error
}
