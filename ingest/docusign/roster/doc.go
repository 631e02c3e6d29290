// Package roster reads who the users of DocuSign's accounts are: names, addresses, states and roles for the ids in the events, and the
// domains that an organisation has claimed, outside which DocuSign Monitor sees nobody.
package roster
