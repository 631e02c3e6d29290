// Package entra reads the people of a Microsoft Entra ID tenant from Microsoft Graph: once as a whole, then by what changed. It
// makes deliveries of a directory; whoever takes them decides what is stored.
package entra
