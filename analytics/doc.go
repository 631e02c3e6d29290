// Package analytics finds attacks in the stored events: it loads the detections, works out which subjects and spans of
// time new events concern, calls the detections' views for those, and reconciles the rows with the alerts that stand.
// The set of inputs decides the set of alerts; neither the order of arrival nor batching nor a restart does.
package analytics
