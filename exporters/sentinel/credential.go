package sentinel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/sealwatch/sealwatch/internal/outbound"
	"github.com/sealwatch/sealwatch/internal/secretfile"
)

// maxSecret bounds a file with a secret or a certificate.
const maxSecret = 64 << 10

// credential is the credential of the options. It reads the secret again whenever a token is due, remembers what no error may hold, and how
// the last attempt failed, because the SDK hands that on in several forms.
type credential struct {
	o       Credential
	options azcore.ClientOptions
	// broken is the last failure below HTTP.
	broken func() error

	mu      sync.Mutex
	current azcore.TokenCredential
	made    [sha256.Size]byte // of the secret that current was made of
	secrets []string
	failure *tokenFailure
}

// tokenFailure is why there is no token.
type tokenFailure struct {
	// person says that somebody has to change something.
	person bool
	err    error
	// response is Entra's; nil without one.
	response *http.Response
}

// GetToken implements azcore.TokenCredential.
func (c *credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	current, failure := c.renew()
	if failure != nil {
		return azcore.AccessToken{}, c.fail(failure)
	}
	token, err := current.GetToken(ctx, o)
	if err != nil {
		return azcore.AccessToken{}, c.fail(c.judge(err))
	}
	c.mu.Lock()
	c.secrets = append(c.secrets[:min(len(c.secrets), 1)], token.Token)
	c.mu.Unlock()
	return token, nil
}

// errNoToken stands for a failure that credential.failed tells of.
var errNoToken = errors.New("no token")

func (c *credential) fail(f *tokenFailure) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = f
	return errNoToken
}

// failed returns why the last attempt to have a token failed, and forgets it.
func (c *credential) failed() *tokenFailure {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.failure
	c.failure = nil
	return f
}

// forget drops the tokens that are cached.
func (c *credential) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = nil
}

// known are the secrets that no error may hold.
func (c *credential) known() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.secrets)
}

// renew returns the credential, a new one where the secret is another.
func (c *credential) renew() (azcore.TokenCredential, *tokenFailure) {
	secret, err := c.o.secret()
	if err != nil {
		return nil, &tokenFailure{person: true, err: err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := sha256.Sum256(secret)
	if c.current != nil && sum == c.made {
		return c.current, nil
	}
	current, err := c.o.make(secret, c.options)
	if err != nil {
		return nil, &tokenFailure{person: true, err: err}
	}
	c.current, c.made, c.secrets = current, sum, []string{string(secret)}
	return current, nil
}

// secret reads the client secret or the certificate; nothing for the other kinds.
func (c *Credential) secret() ([]byte, error) {
	switch {
	case c.SecretFile != "":
		text, err := secretfile.Read("sentinel: client secret", c.SecretFile, maxSecret)
		if text = bytes.TrimSpace(text); err == nil && (len(text) == 0 || bytes.ContainsAny(text, "\r\n\t\x00")) {
			err = fmt.Errorf("sentinel: client secret %s: expected one line with the value of the secret", c.SecretFile)
		}
		if err == nil && guid.Match(text) {
			err = fmt.Errorf("sentinel: client secret %s: found a GUID, which is the id of a secret; expected its value, which Entra ID shows once, when the secret is made", c.SecretFile)
		}
		return text, err
	case c.CertificateFile != "":
		return secretfile.Read("sentinel: certificate", c.CertificateFile, maxSecret)
	case c.TokenFile != "":
		// The SDK reads it itself. Kubernetes projects it with mode 0644 into a folder that nobody else has, so its mode is not looked at.
		s, err := os.Stat(c.TokenFile)
		if err == nil && !s.Mode().IsRegular() {
			err = fmt.Errorf("%s is no regular file", c.TokenFile)
		}
		if err != nil {
			return nil, fmt.Errorf("sentinel: token of the workload identity: %w", err)
		}
	}
	return nil, nil
}

func (c *Credential) make(secret []byte, o azcore.ClientOptions) (azcore.TokenCredential, error) {
	// The authority is one of the clouds' own or configured, so that asking login.microsoft.com whether it exists tells nothing.
	switch {
	case c.SecretFile != "":
		x, err := azidentity.NewClientSecretCredential(c.TenantID, c.ClientID, string(secret), &azidentity.ClientSecretCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
		return made(x, err, "client secret")
	case c.CertificateFile != "":
		certificates, key, err := azidentity.ParseCertificates(secret, nil)
		if err != nil { // the SDK's words may hold some of the file
			return nil, fmt.Errorf("sentinel: certificate %s: expected a certificate and its private key, both in PEM and the key without a password", c.CertificateFile)
		}
		x, err := azidentity.NewClientCertificateCredential(c.TenantID, c.ClientID, certificates, key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
		return made(x, err, "certificate "+c.CertificateFile)
	case c.TokenFile != "":
		x, err := azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: o, TenantID: c.TenantID, ClientID: c.ClientID, TokenFilePath: c.TokenFile, DisableInstanceDiscovery: true})
		return made(x, err, "workload identity")
	}
	// What speaks for a managed identity is on the machine or beside it, and never behind a proxy.
	local := outbound.Transport(nil, true)
	local.Proxy = nil
	o.Transport = &http.Client{Transport: local, Timeout: managedTimeout}
	identity := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o}
	switch {
	case strings.HasPrefix(c.ManagedIdentity, "/"):
		identity.ID = azidentity.ResourceID(c.ManagedIdentity)
	case c.ManagedIdentity != System:
		identity.ID = azidentity.ClientID(c.ManagedIdentity)
	}
	x, err := azidentity.NewManagedIdentityCredential(identity)
	return made(x, err, "managed identity")
}

func made[C azcore.TokenCredential](x C, err error, what string) (azcore.TokenCredential, error) {
	if err != nil {
		return nil, fmt.Errorf("sentinel: %s: %w", what, err)
	}
	return x, nil
}
