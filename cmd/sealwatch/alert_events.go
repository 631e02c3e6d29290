package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

const (
	// mostEventLines are the lines about the events of an alert. Of more events the first are shown and the last few, for an attack is known by how it
	// begins and by what came of it.
	mostEventLines, lastEventLines = 20, 4
	// beyond is how far outside of the alert its events are looked for: an alert of DocuSign names earlier ones.
	beyond = 24 * time.Hour
)

// eventLines tell the events of an alert, a line each, in order of time.
func eventLines(ctx context.Context, conn grpc.ClientConnInterface, a *sealwatchv1.Alert) ([]string, error) {
	ids := a.GetEventIds()
	if len(ids) == 0 {
		return nil, nil
	}
	known, left := ids, 0
	if len(ids) > mostEventLines {
		left = len(ids) - (mostEventLines - 1)
		known = slices.Concat(ids[:len(ids)-left-lastEventLines], ids[len(ids)-lastEventLines:])
	}
	page, err := sealwatchv1.NewEventServiceClient(conn).ListEvents(ctx, &sealwatchv1.ListEventsRequest{PageSize: mostEventLines, Filter: &sealwatchv1.EventFilter{EventIds: known,
		StartTime: timestamppb.New(a.GetStartTime().AsTime().Add(-beyond)), EndTime: timestamppb.New(a.GetEndTime().AsTime().Add(beyond))}})
	if status.Code(err) == codes.Unimplemented {
		return []string{strings.Join(ids, " ")}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the events of %s: %w", a.GetName(), err)
	}
	stored := map[string]*sealwatchv1.Event{}
	for _, v := range page.GetEvents() {
		stored[eventID(v)] = v
	}
	events := page.GetEvents()
	slices.SortFunc(events, func(v, w *sealwatchv1.Event) int {
		return cmp.Or(v.GetEventTime().AsTime().Compare(w.GetEventTime().AsTime()), cmp.Compare(eventID(v), eventID(w)))
	})
	people := peopleOf(ctx, conn, events)
	var lines []string
	for i, v := range events {
		if left > 0 && i == max(0, len(events)-lastEventLines) {
			lines = append(lines, fmt.Sprintf("... %d more of the %d that are listed ...", left, len(ids)))
		}
		lines = append(lines, eventLine(a, v, people))
	}
	if gone := len(known) - len(stored); gone > 0 {
		lines = append(lines, fmt.Sprintf("%s not stored any more: expired, or set aside since", plural(gone, "event is|events are")))
	}
	if more := int(a.GetEventCount()) - len(ids); more > 0 {
		lines = append(lines, fmt.Sprintf("%s in all; the query under all has the others", plural(int(a.GetEventCount()), "event")))
	}
	return lines, nil
}

// peopleOf are the names that the directory has for the users of the events; none where it cannot be asked, for the ids tell who it was.
func peopleOf(ctx context.Context, conn grpc.ClientConnInterface, events []*sealwatchv1.Event) map[string]string {
	request := &sealwatchv1.ListDirectoryUsersRequest{PageSize: 1000}
	for _, v := range events {
		for _, id := range []string{v.GetUser().GetId(), v.GetAffectedUserId()} {
			if id != "" && !slices.Contains(request.GetDocusignUserIds(), id) {
				request.DocusignUserIds = append(request.DocusignUserIds, id)
			}
		}
	}
	all := map[string]string{}
	if len(request.GetDocusignUserIds()) == 0 {
		return all
	}
	page, err := sealwatchv1.NewDirectoryServiceClient(conn).ListDirectoryUsers(ctx, request)
	if err != nil {
		return all
	}
	for _, u := range page.GetUsers() {
		for _, id := range u.GetDocusignUserIds() {
			if name := cmp.Or(u.GetDisplayName(), u.GetUserName()); all[id] == "" {
				all[id] = name
			}
		}
	}
	return all
}

// eventID is DocuSign's id of an event.
func eventID(v *sealwatchv1.Event) string {
	if v.GetEventId() != "" {
		return v.GetEventId()
	}
	id := strings.TrimPrefix(v.GetName(), "events/")
	if plain, err := url.PathUnescape(id); err == nil {
		return plain
	}
	return id
}

// plainActivities are those whose word says what was done; of others, what was changed or deleted stands in DocuSign's spelling.
var plainActivities = []string{"logon", "failed_logon", "logoff", "lockout", "download", "send", "sign", "void", "correct", "decline", "docusign_alert"}

// eventLine is when, what, with which result, from where, with what and to what.
func eventLine(a *sealwatchv1.Alert, v *sealwatchv1.Event, people map[string]string) string {
	what := cmp.Or(activityWords[v.GetActivity()][0], strings.ReplaceAll(v.GetActivity(), "_", " "))
	if spelled := strings.Join(present(v.GetObject(), v.GetAction(), v.GetProperty(), v.GetField()), " "); spelled != "" && !slices.Contains(plainActivities, v.GetActivity()) {
		what = spelled
	}
	if v.GetResult() != "" {
		what += " (" + v.GetResult() + ")"
	}
	who := ""
	if id := v.GetUser().GetId(); a.GetSubject().GetType() != "user" || id != a.GetSubject().GetId() {
		who = "by " + cmp.Or(v.GetUser().GetEmail(), v.GetUser().GetDisplayName(), nameOf(a, id), people[id], id, "nobody who is known")
	}
	where := strings.Join(present(v.GetNetwork().GetIpAddress(), placeText(v.GetPlace().GetCity(), cmp.Or(v.GetPlace().GetCountryName(), country(v.GetPlace().GetCountry()))), v.GetNetwork().GetAsOrganization()), ", ")
	with := device(strings.Join(present(v.GetDevice().GetBrowser(), v.GetDevice().GetOs()), " on "))
	if with == silent && v.GetIntegrationKey() != "" {
		with = ""
	}
	if v.GetIntegrationKey() != "" && v.GetIntegrationKey() != a.GetSubject().GetId() {
		with = strings.Join(present("application "+cmp.Or(nameOf(a, v.GetIntegrationKey()), v.GetIntegrationKey()), with), ", ")
	}
	data := v.GetData().GetFields()
	var to []string
	for _, item := range []struct{ key, word string }{{"DocumentName", "document"}, {"FileName", "file"}, {"TemplateName", "template"}, {"EnvelopeName", "envelope"}, {"Name", ""}, {"Url", "to"}, {"Email", "e-mail"}} {
		if text := data[item.key].GetStringValue(); text != "" {
			to = append(to, strings.TrimSpace(item.word+" "+short(text)))
		}
	}
	if v.GetEnvelopeId() != "" {
		to = append(to, "envelope "+v.GetEnvelopeId())
	}
	if id := v.GetAffectedUserId(); id != "" && id != v.GetUser().GetId() {
		to = append(to, "user "+cmp.Or(nameOf(a, id), people[id], id))
	}
	return strings.Join(present(stamp(v.GetEventTime().AsTime()), what, who, where, with, strings.Join(to, ", ")), "  ")
}

// placeText is a city and a country, once where they have one name.
func placeText(city, country string) string {
	if strings.EqualFold(city, country) {
		return place(country)
	}
	return strings.Join(present(place(strings.TrimSpace(city)), strings.TrimSpace(country)), ", ")
}
