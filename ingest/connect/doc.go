// Package connect takes in what DocuSign Connect delivers: messages in JSON (SIM) about envelopes, recipients and templates,
// signed with HMAC.
package connect
