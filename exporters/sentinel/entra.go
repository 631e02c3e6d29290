package sentinel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/sealwatch/sealwatch/internal/outbound"
)

const managedTimeout = 30 * time.Second

// entraHints are what the codes of Entra ID mean here, and what to do.
var entraHints = map[string]string{
	"AADSTS7000215": "the client secret is wrong: the file has to hold its value, not its id, of a secret of this application",
	"AADSTS7000222": "the client secret has expired: make a new one in Entra ID under App registrations, Certificates & secrets, and put its value into the file; no restart is needed",
	"AADSTS700016":  "no application with this client id is in the tenant: look at clientId and tenantId, and at the cloud",
	"AADSTS7000112": "the application is disabled in the tenant",
	"AADSTS90002":   "there is no tenant with this id in this cloud: look at tenantId and cloud",
	"AADSTS900023":  "there is no tenant with this id: look at tenantId",
	"AADSTS900382":  "the application is one of another cloud: look at cloud",
	"AADSTS500011":  "the tenant does not know Azure Monitor under the name of this cloud: look at cloud",
	"AADSTS700027":  "the certificate is not one of the application, or has expired: upload its public part in Entra ID under App registrations, Certificates & secrets",
	"AADSTS700024":  "the signed request is not valid at this time: look at the clock of this machine",
	"AADSTS70021":   "no federated credential of the identity matches the token of the workload: look at its issuer, subject and audience",
	"AADSTS700211":  "no federated credential of the identity has the issuer of the workload's token",
	"AADSTS700212":  "no federated credential of the identity has the audience of the workload's token",
	"AADSTS700213":  "no federated credential of the identity has the subject of the workload's token: system:serviceaccount:NAMESPACE:NAME",
	"AADSTS53003":   "Conditional Access blocks the sign-in of the application",
}

// passing are codes that go away by themselves.
var passing = map[string]bool{"AADSTS90033": true, "AADSTS90012": true, "AADSTS50196": true, "AADSTS50197": true}

var entraCode = regexp.MustCompile(`AADSTS[0-9]{4,9}`)

// judge says why the SDK has no token. Nothing that came is repeated but codes: an answer may hold what was sent.
func (c *credential) judge(err error) *tokenFailure {
	var refused *azidentity.AuthenticationFailedError
	broken := c.broken()
	switch {
	case errors.As(err, &refused) && refused.RawResponse != nil && c.o.ManagedIdentity != "":
		return &tokenFailure{person: refused.RawResponse.StatusCode == http.StatusBadRequest, response: refused.RawResponse,
			err: fmt.Errorf("sentinel: this machine gives no token for the managed identity %s (HTTP status %d): is it assigned to the machine?", c.o.ManagedIdentity, refused.RawResponse.StatusCode)}
	case errors.As(err, &refused) && refused.RawResponse != nil:
		return judgeEntra(refused.RawResponse)
	case c.o.ManagedIdentity != "":
		return &tokenFailure{err: fmt.Errorf("sentinel: nothing on this machine gives tokens for the managed identity %s: is one assigned to it?", c.o.ManagedIdentity)}
	case broken != nil:
		var forbidden *outbound.NotAllowedError
		return &tokenFailure{person: errors.As(broken, &forbidden), err: fmt.Errorf("sentinel: asking Entra ID for a token: %w", broken)}
	}
	return &tokenFailure{err: errors.New("sentinel: asking Entra ID for a token: what answered cannot be read; something else answers in its place")}
}

func judgeEntra(r *http.Response) *tokenFailure {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if r.Body != nil {
		body, _ := io.ReadAll(io.LimitReader(r.Body, mostOfAnswer)) // what came of it is enough
		_ = json.Unmarshal(body, &said)                             // an answer that is none has no code
	}
	code := entraCode.FindString(said.Description)
	f := &tokenFailure{person: true, response: r}
	what := fmt.Sprintf("sentinel: Entra ID refuses a token (HTTP status %d", r.StatusCode)
	switch {
	case code != "":
		what += ", " + code
	case plain.MatchString(said.Error):
		what += ", " + said.Error
	}
	what += ")"
	switch hint := entraHints[code]; {
	case passing[code], code == "" && (r.StatusCode >= 500 || r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusRequestTimeout):
		f.person = false
		f.err = fmt.Errorf("%s, which passes", what)
	case hint != "":
		f.err = fmt.Errorf("%s: %s", what, hint)
	default:
		f.err = fmt.Errorf("%s: look at tenantId, clientId, the credential and cloud", what)
	}
	return f
}
