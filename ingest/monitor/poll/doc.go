// Package poll reads DocuSign Monitor page by page and hands the records over; its cursor moves when they are durable.
package poll
