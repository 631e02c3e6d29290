package translate

import (
	"time"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/internal/event"
)

// Event makes the message of an event. Raw is in it when full. Whether it is held depends on now.
func Event(e *event.Event, now time.Time, full bool) *pb.Event {
	m := &pb.Event{
		Name:           EventName(e.ID),
		Tenant:         e.Tenant,
		Source:         Text(e.Source),
		EventId:        Text(e.ID),
		EventTime:      Timestamp(e.Time),
		ArrivalTime:    Timestamp(e.Arrival),
		Activity:       Text(e.Activity),
		Administrative: e.Administrative,
		User:           eventUser(e),
		AffectedUserId: Text(e.AffectedUserID),
		AccountId:      Text(e.AccountID),
		OrganizationId: Text(e.OrganizationID),
		Site:           Text(e.Site),
		IntegrationKey: Text(e.IntegrationKey),
		Object:         Text(e.Object),
		Action:         Text(e.Action),
		Property:       Text(e.Property),
		Field:          Text(e.Field),
		Result:         Text(e.Result),
		Channel:        Text(e.Channel),
		Network: &pb.Network{
			IpAddress:      Text(e.IPAddress),
			Asn:            e.ASN,
			AsOrganization: Text(e.ASOrganization),
			ProxyStatus:    Text(e.ProxyStatus),
			ProxyType:      Text(e.ProxyType),
			ProxyLevel:     Text(e.ProxyLevel),
			NetworkBy:      Text(e.Place.NetworkBy),
		},
		Place: place(&e.Place),
		Geo:   eventGeo(e.Geo),
		Device: &pb.Device{
			UserAgent: Text(e.UserAgent),
			Browser:   Text(e.Browser),
			Os:        Text(e.OS),
			Type:      Text(e.DeviceType),
		},
		EnvelopeId: Text(e.EnvelopeID),
		Data:       Object(e.Data),
		Held:       e.Held(now),
	}
	if full {
		m.Raw = Text(e.Raw)
	}
	return m
}

// eventUser is the actor: a person, or else the application that acted by itself.
func eventUser(e *event.Event) *pb.Principal {
	p := &pb.Principal{Type: "user", Id: Text(e.UserID), Email: Text(e.UserEmail), DisplayName: Text(e.UserName)}
	if e.UserID == "" && e.IntegrationKey != "" {
		p.Type, p.Id = "integration", Text(e.IntegrationKey)
	}
	return p
}

// eventGeo is nil where no range of the operator says otherwise.
func eventGeo(g *event.Geo) *pb.Geo {
	if g == nil {
		return nil
	}
	return &pb.Geo{Place: place(&g.Place), Asn: g.ASN, AsOrganization: Text(g.ASOrganization), NetworkBy: Text(g.NetworkBy)}
}

func place(p *event.Place) *pb.Place {
	return &pb.Place{
		Kind:        Text(p.Kind),
		Country:     Text(p.Country),
		CountryName: Text(p.CountryName),
		Region:      Text(p.Region),
		City:        Text(p.City),
		Latitude:    p.Latitude,
		Longitude:   p.Longitude,
		AccuracyKm:  float64(p.AccuracyKM),
		LocatedBy:   Text(p.LocatedBy),
	}
}

// EventFilter is the domain's filter of a request; nil selects all.
func EventFilter(f *pb.EventFilter) event.Filter {
	return event.Filter{
		Start:       Time(f.GetStartTime()),
		End:         Time(f.GetEndTime()),
		UserIDs:     f.GetUserIds(),
		IPAddresses: f.GetIpAddresses(),
		Activities:  f.GetActivities(),
		Countries:   f.GetCountries(),
		Objects:     f.GetObjects(),
		Actions:     f.GetActions(),
		IDs:         f.GetEventIds(),
		Sources:     f.GetSources(),
	}
}
