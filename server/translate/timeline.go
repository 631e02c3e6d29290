package translate

import (
	"time"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/alert"
	"github.com/sealwatch/sealwatch/internal/timeline"
)

// UserPrefix begins the name of a user.
const UserPrefix = "users/"

var relations = map[string]pb.TimelineRelation{
	timeline.RelationAffected: pb.TimelineRelation_TIMELINE_RELATION_AFFECTED, timeline.RelationReferenced: pb.TimelineRelation_TIMELINE_RELATION_REFERENCED,
	timeline.RelationRecipient: pb.TimelineRelation_TIMELINE_RELATION_RECIPIENT, timeline.RelationSender: pb.TimelineRelation_TIMELINE_RELATION_SENDER,
}

// Timeline makes the message of a page, without its span and token.
func Timeline(t *timeline.Timeline, now time.Time, guide func(*alert.Alert) alert.Guide) *pb.GetUserTimelineResponse {
	m := &pb.GetUserTimelineResponse{UserIds: texts(t.Who.IDs), Emails: texts(t.Who.Emails), DisplayName: Text(t.Who.Name), Directory: directoryState(t.Who.Person)}
	for i := range t.Entries {
		e := &t.Entries[i]
		entry := &pb.TimelineEntry{Time: Timestamp(e.Time), Concerned: e.Relation != "", Relation: relations[e.Relation]}
		if e.Alert != nil {
			entry.Entry = &pb.TimelineEntry_Alert{Alert: Alert(e.Alert, guide(e.Alert))}
		} else {
			entry.Entry = &pb.TimelineEntry_Event{Event: Event(e.Event, now, false)}
		}
		m.Entries = append(m.Entries, entry)
	}
	for i := range t.Traits {
		v := &t.Traits[i]
		trait := &pb.TimelineTrait{Value: Text(v.Value), Label: Text(v.Label), EventCount: int32Of(v.Events), FirstTime: Timestamp(v.First), LastTime: Timestamp(v.Last), New: v.New}
		switch v.Kind {
		case timeline.TraitPlace:
			m.Places = append(m.Places, trait)
		case alert.TraitAddress:
			m.Addresses = append(m.Addresses, trait)
		case alert.TraitNetwork:
			m.Networks = append(m.Networks, trait)
		case alert.TraitDevice:
			m.Devices = append(m.Devices, trait)
		}
	}
	return m
}
