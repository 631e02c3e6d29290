package translate

import (
	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/status"
)

// FeedPrefix is what the name of a feed begins with.
const FeedPrefix = "feeds/"

// Feed makes the message of a feed's state.
func Feed(f *status.Feed) *pb.FeedStatus {
	return &pb.FeedStatus{
		Name: FeedPrefix + f.Name, Preset: f.Preset, Licence: Text(f.Licence), Address: Text(f.Address), Format: f.Format, Category: f.Category, Tags: f.Tags, State: f.State,
		LastSuccessTime: Timestamp(f.LastSuccess), LastAttemptTime: Timestamp(f.LastAttempt), LastChangeTime: Timestamp(f.LastChange), NextAttemptTime: Timestamp(f.NextAttempt),
		Entries: Count(f.Entries), Added: Count(f.Added), Removed: Count(f.Removed), HeldEntries: Count(f.HeldEntries), HeldTime: Timestamp(f.HeldSince), LastError: Text(f.LastError),
	}
}

func geo(g *status.Geo) *pb.GeoStatus {
	m := &pb.GeoStatus{LoadTime: Timestamp(g.LoadTime), LastError: Text(g.LastError)}
	for _, d := range g.Databases {
		m.Databases = append(m.Databases, &pb.GeoDatabase{Kind: d.Kind, Product: Text(d.Name), BuildTime: Timestamp(d.Built)})
	}
	return m
}
