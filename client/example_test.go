package client_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sealwatch/sealwatch/client"
	sealwatchv1 "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// Follow the alerts of medium severity or more, and go on where the last run ended.
func ExampleClient_Alerts() {
	// In a program: c, err := client.Dial("127.0.0.1:7400"). Here it is a service that is restarted after two changes.
	service := &service{n: 3, acts: []act{{send: 2, err: status.Error(codes.Unavailable, "restarting")}}}
	c, stop, err := service.serve()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = stop() }()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	token := client.First // in a program: what was stored
	filter := &sealwatchv1.AlertFilter{MinSeverity: sealwatchv1.Severity_SEVERITY_MEDIUM}
	for change, err := range c.Alerts(ctx, filter, token) {
		if err != nil {
			fmt.Println("refused:", err)
			return
		}
		fmt.Println(change.Kind, change.Alert.GetTitle())
		token = change.Token // store it when the change is handled
		if change.Alert.GetSequence() == 3 {
			cancel() // the loop ends
		}
	}
	fmt.Println("go on after", token)
	// Output:
	// ALERT_CHANGE_CREATED alert 1
	// ALERT_CHANGE_CREATED alert 2
	// ALERT_CHANGE_CREATED alert 3
	// go on after 3
}
