package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// tokenMargin is how long before its end a token is got anew.
const tokenMargin = 5 * time.Minute

// Token gets a token unless there is one already.
func (c *Client) Token(ctx context.Context) error {
	_, err := c.token(ctx)
	return err
}

func (c *Client) token(ctx context.Context) (string, error) {
	c.minting.Lock()
	defer c.minting.Unlock()
	if c.access != "" && c.o.Now().Before(c.until) {
		return c.access, nil
	}
	address := c.o.Cloud.Login + "/" + url.PathEscape(c.o.TenantID) + "/oauth2/v2.0/token"
	form := url.Values{}
	if err := c.o.Credential.prove(form, c.o.ClientID, address, c.o.Now()); err != nil {
		return "", err
	}
	// The form has the proof, also where it is a secret: the library would send an empty one beside an assertion.
	config := clientcredentials.Config{ClientID: c.o.ClientID, TokenURL: address, Scopes: []string{c.o.Cloud.scope()}, EndpointParams: form, AuthStyle: oauth2.AuthStyleInParams}
	asked := c.o.Now()
	ctx, cancel := context.WithTimeout(ctx, c.o.CallTimeout)
	defer cancel()
	t, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, c.http))
	c.calls.Add(1)
	if err != nil {
		return "", c.tokenRefusal(ctx, err)
	}
	seconds, _ := t.Extra("expires_in").(float64)
	life := time.Duration(min(max(0, seconds), 24*3600) * float64(time.Second))
	c.access, c.until = t.AccessToken, asked.Add(max(life-tokenMargin, life/2))
	return c.access, nil
}

// forget drops a token that was refused.
func (c *Client) forget(access string) {
	c.minting.Lock()
	defer c.minting.Unlock()
	if c.access == access {
		c.access = ""
	}
}

// refusals of a token by their AADSTS code, with what to do.
var refusals = map[string]struct{ kind, message string }{
	"AADSTS7000215": {KindSecret, "the client secret is wrong: put the value of a secret of the application (not its id) into clientSecretFile"},
	"AADSTS7000222": {KindSecret, "the client secret has expired: make a new one under Certificates and secrets, put its value into clientSecretFile and restart the service"},
	"AADSTS7000218": {KindSecret, "the application wants a client secret or an assertion and got none"},
	"AADSTS700027":  {KindCertificate, "the certificate is not registered with the application, or the clock of this machine is wrong: upload the certificate under Certificates and secrets"},
	"AADSTS700024":  {KindClock, "the signed request for a token is not valid at this time: set the clock of this machine (NTP)"},
	"AADSTS700016":  {KindApplication, "the application is not known in this tenant: compare clientId and tenantId with the overview of the app registration"},
	"AADSTS7000112": {KindApplication, "the application is disabled in this tenant: enable it under Enterprise applications"},
	"AADSTS90002":   {KindTenant, "the tenant does not exist: compare tenantId and cloud with the overview of Entra ID"},
	"AADSTS900023":  {KindTenant, "the tenant id cannot be read: expected the GUID of the tenant"},
	"AADSTS53003":   {KindToken, "a conditional access policy keeps the application from getting a token: except it, or allow the network of this machine"},
}

// tokenRefusal says why there is no token.
func (c *Client) tokenRefusal(ctx context.Context, err error) error {
	var refused *oauth2.RetrieveError
	var call *url.Error
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case !errors.As(err, &refused) && !errors.As(err, &call):
		// what came is not repeated: it may hold a token
		return &Error{Kind: KindResponse, Message: noToken(c.o.Cloud)}
	case refused == nil:
		return unreachable(hostOf(c.o.Cloud.Login), err)
	}
	said := refused.ErrorDescription
	for _, secret := range c.o.Credential.hidden() {
		said = strings.ReplaceAll(said, secret, "<secret>")
	}
	e := &Error{Kind: KindToken, Code: clean(refused.ErrorCode), Detail: clean(said), Message: fmt.Sprintf("Entra ID gives no token to the application %s", c.o.ClientID)}
	if r := refused.Response; r != nil {
		e.Status, e.Request, e.RetryAfter = r.StatusCode, clean(r.Header.Get("X-Ms-Request-Id")), retryAfter(r.Header, c.o.Now())
	}
	code, _, _ := strings.Cut(strings.TrimSpace(said), ":")
	switch known, found := refusals[code]; {
	case found:
		e.Kind, e.Message = known.kind, known.message
	case e.Status == http.StatusTooManyRequests:
		e.Kind, e.Message = KindThrottled, "Entra ID is asked for too many tokens"
	case e.Status >= 500:
		e.Kind, e.Message = KindServer, "Entra ID failed; it is asked again"
	case refused.ErrorCode == "" && e.Status < 400:
		e.Kind, e.Message = KindResponse, noToken(c.o.Cloud)
	}
	return e
}

func noToken(c Cloud) string {
	return fmt.Sprintf("%s answered without a token: does a proxy or a portal answer in its place?", hostOf(c.Login))
}
