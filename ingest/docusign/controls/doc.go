// Package controls reads how DocuSign's accounts are controlled (who gets their envelopes, who may act for whom, how people log on),
// and makes an event of each difference, also where DocuSign tells of none.
package controls
