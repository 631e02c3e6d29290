package main

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sealwatch/sealwatch/cmd/sealwatch/terminal"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// assign says who works on alerts. What is new is in progress from then on, and new again when nobody works on it any more; the state
// of what is resolved or suppressed stays as it is.
func (p *process) assign(ctx context.Context, address string, ids []string, f *workFlags, nobody bool) error {
	if f.author == "" {
		return usagef("--author: not given and there is no USER in the environment; expected who does this")
	}
	conn, err := connect(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := sealwatchv1.NewAlertServiceClient(conn)
	names, err := alertNames(ctx, client, ids)
	if err != nil {
		return err
	}
	for i, name := range names {
		was, err := client.GetAlert(ctx, &sealwatchv1.GetAlertRequest{Name: name})
		if err != nil {
			return fmt.Errorf("%s: %w", ids[i], err)
		}
		a, mask := &sealwatchv1.Alert{Name: name, Assignee: f.assignee}, &fieldmaskpb.FieldMask{Paths: []string{"assignee"}}
		switch state := was.GetState(); {
		case !nobody && state == sealwatchv1.AlertState_ALERT_STATE_NEW:
			a.State = sealwatchv1.AlertState_ALERT_STATE_IN_PROGRESS
		case nobody && state == sealwatchv1.AlertState_ALERT_STATE_IN_PROGRESS:
			a.State = sealwatchv1.AlertState_ALERT_STATE_NEW
		}
		if a.State != 0 {
			// The state was judged by what was read: what somebody resolves meanwhile is not opened again.
			mask.Paths, a.Etag = append(mask.Paths, "state"), was.GetEtag()
		}
		now, err := client.UpdateAlert(ctx, &sealwatchv1.UpdateAlertRequest{Alert: a, UpdateMask: mask, Author: f.author, Comment: f.comment})
		if err != nil {
			return fmt.Errorf("%s: %w", ids[i], err)
		}
		if now.GetContext() == nil { // as it was read, it speaks of people by name
			now.Title = was.GetTitle()
		}
		p.print("%s", workLine(now))
		switch {
		case nobody:
		case now.GetState() == sealwatchv1.AlertState_ALERT_STATE_SUPPRESSED:
			p.say("it stays suppressed (%s): it is in no list of open alerts and no receiver is told of it, until it is no longer suppressed; then it is yours", terminal.Text(suppressors(now.GetSuppressedBy())))
		case now.GetState() == sealwatchv1.AlertState_ALERT_STATE_RESOLVED:
			p.say("it stays resolved; sealwatch alerts reopen opens it again")
		case now.GetState() == sealwatchv1.AlertState_ALERT_STATE_RETRACTED:
			p.say("it stays retracted: the events, as they are known now, do not make it")
		}
	}
	return nil
}
