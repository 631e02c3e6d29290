package config

import (
	"net/url"
	"regexp"
	"strings"
)

// SentinelDestination is a data collection rule of Azure Monitor, behind which Microsoft Sentinel reads. deploy/sentinel makes one.
type SentinelDestination struct {
	// Address of the data collection rule for logs (logsIngestion), or of a data collection endpoint: https://NAME.REGION-1.ingest.monitor.azure.com.
	Endpoint string `yaml:"endpoint"`
	// Immutable id of the rule: dcr- and 32 hexadecimal digits. It is not the name of the rule.
	RuleID string `yaml:"ruleId"`
	// Where alerts go: asim (ASimAlertEventLogs, the table of Sentinel's own schema) or custom (a table of Sealwatch's columns). Empty is asim.
	Table string `yaml:"table,omitempty"`
	// Name of the stream that the rule declares for alerts. Empty is Custom-SealwatchAlertEvents for asim and Custom-SealwatchAlerts for custom.
	Stream string `yaml:"stream,omitempty"`
	// The cloud that tenant and workspace are in: public, usgov or china. Empty is public.
	Cloud string `yaml:"cloud,omitempty"`
	// Id of the Entra ID tenant, a GUID. Not with managedIdentity.
	TenantID string `yaml:"tenantId,omitempty"`
	// Id of the application (client), or of the identity of a workload, a GUID. Not with managedIdentity.
	ClientID string `yaml:"clientId,omitempty"`
	// File that holds the value of a client secret, with mode 0600, or 0640 at most. It is read for each token. Exactly one of this,
	// certificateFile, managedIdentity and workloadTokenFile.
	ClientSecretFile string `yaml:"clientSecretFile,omitempty"`
	// File with a certificate of the application and its private key, both in PEM, with mode 0600, or 0640 at most.
	CertificateFile string `yaml:"certificateFile,omitempty"`
	// Managed identity of the machine in Azure: system, or the client id or resource id of one that is assigned to it.
	ManagedIdentity string `yaml:"managedIdentity,omitempty"`
	// File with the token of a workload identity, as Kubernetes projects it: what AZURE_FEDERATED_TOKEN_FILE names in the pod.
	WorkloadTokenFile string `yaml:"workloadTokenFile,omitempty"`
	// Address that speaks for Entra ID in its place: a gateway of yours, https. The endpoint may then be one of yours, too. Empty is Microsoft's own.
	Authority string `yaml:"authority,omitempty"`
	// Where a person finds an alert: an address in which {id} stands for its id. Empty sends none.
	AlertURL string `yaml:"alertUrl,omitempty"`
	// File of certificate authorities in PEM that are trusted beside the system's: that of a proxy which inspects TLS.
	CAFile string `yaml:"caFile,omitempty"`
	// Whether the endpoint may have an address that is not of the Internet, as one behind a private link has.
	AllowPrivate bool `yaml:"allowPrivate,omitempty"`
	// Most bytes of a request before compression; a row that is longer by itself is shortened and says so. 0 is 950000: Azure takes 1 MiB.
	MaxBytes int `yaml:"maxBytes,omitempty"`
}

// sentinelAuthorities speak for Entra ID in each cloud.
var sentinelAuthorities = map[string]string{"": "login.microsoftonline.com", "public": "login.microsoftonline.com", "usgov": "login.microsoftonline.us", "china": "login.chinacloudapi.cn"}

// Endpoints implements Block.
func (s *SentinelDestination) Endpoints() (all []string) {
	authority := s.Authority
	if authority == "" {
		authority = "https://" + sentinelAuthorities[s.Cloud]
	}
	if s.ManagedIdentity != "" { // what gives the token is on the machine
		authority = ""
	}
	for _, address := range []string{s.Endpoint, authority} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			all = append(all, u.Scheme+"://"+u.Host)
		}
	}
	return all
}

// Authorities implements Block.
func (s *SentinelDestination) Authorities() string { return s.CAFile }

func (s *SentinelDestination) paths() []*string {
	return []*string{&s.ClientSecretFile, &s.CertificateFile, &s.WorkloadTokenFile, &s.CAFile}
}

var (
	sentinelRule   = regexp.MustCompile(`^dcr-[0-9a-f]{32}$`)
	sentinelStream = regexp.MustCompile(`^(Custom|Microsoft)-[A-Za-z][A-Za-z0-9_]{0,99}$`)
)

func (s *SentinelDestination) validate(p *problems, key func(string) string) {
	suffix := map[string]string{"": ".com", "public": ".com", "usgov": ".us", "china": ".cn"}[s.Cloud]
	if s.Cloud != "" {
		p.oneOf(key("cloud"), s.Cloud, "public", "usgov", "china")
	}
	u, err := url.Parse(s.Endpoint)
	switch {
	case !rootEndpoint(s.Endpoint):
		p.add(key("endpoint"), withoutUser(s.Endpoint), "https://NAME.REGION-1.ingest.monitor.azure.com, without a path")
	case err == nil && suffix != "" && s.Authority == "" && !strings.HasSuffix(u.Hostname(), ".ingest.monitor.azure"+suffix):
		p.add(key("endpoint"), u.Host, "a host that ends with .ingest.monitor.azure"+suffix+": the token goes there. For a gateway of yours, set authority as well")
	}
	if s.Authority != "" && !rootEndpoint(s.Authority) {
		p.add(key("authority"), withoutUser(s.Authority), "https://HOST without a path: the secret goes there")
	}
	if !sentinelRule.MatchString(s.RuleID) {
		p.add(key("ruleId"), s.RuleID, "the immutable id of a data collection rule: dcr- and 32 hexadecimal digits")
	}
	if s.Table != "" {
		p.oneOf(key("table"), s.Table, "asim", "custom")
	}
	if s.Stream != "" && !sentinelStream.MatchString(s.Stream) {
		p.add(key("stream"), s.Stream, "a name such as Custom-SealwatchAlertEvents")
	}
	s.validateCredential(p, key)
	validateAlertURL(p, key("alertUrl"), s.AlertURL)
	p.file(key("clientSecretFile"), s.ClientSecretFile)
	p.file(key("certificateFile"), s.CertificateFile)
	p.file(key("workloadTokenFile"), s.WorkloadTokenFile)
	p.file(key("caFile"), s.CAFile)
	if s.MaxBytes != 0 {
		p.within(key("maxBytes"), int64(s.MaxBytes), 4000, 1<<20)
	}
}

func (s *SentinelDestination) validateCredential(p *problems, key func(string) string) {
	var found []string
	for _, c := range [][2]string{{"clientSecretFile", s.ClientSecretFile}, {"certificateFile", s.CertificateFile}, {"managedIdentity", s.ManagedIdentity}, {"workloadTokenFile", s.WorkloadTokenFile}} {
		if c[1] != "" {
			found = append(found, c[0])
		}
	}
	if len(found) != 1 {
		p.add(key("clientSecretFile"), strings.Join(found, " and "), "exactly one of clientSecretFile, certificateFile, managedIdentity, workloadTokenFile")
	}
	if s.ManagedIdentity == "" {
		p.guid(key("tenantId"), s.TenantID)
		p.guid(key("clientId"), s.ClientID)
		return
	}
	for _, f := range [][2]string{{"tenantId", s.TenantID}, {"clientId", s.ClientID}} {
		if f[1] != "" {
			p.add(key(f[0]), f[1], "nothing beside managedIdentity, which names the identity itself")
		}
	}
	if s.ManagedIdentity != "system" && !strings.HasPrefix(s.ManagedIdentity, "/subscriptions/") && !guidPattern.MatchString(s.ManagedIdentity) {
		p.add(key("managedIdentity"), s.ManagedIdentity, "system, a client id (a GUID), or a resource id that begins with /subscriptions/")
	}
}

// rootEndpoint says whether an address is https://HOST and no more.
func rootEndpoint(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}
