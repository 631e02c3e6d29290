package config

import (
	"fmt"
	"regexp"
	"time"
)

// EntraSource reads the people of a Microsoft Entra ID tenant from Microsoft Graph, in the name of an application of that tenant.
type EntraSource struct {
	// Name of the source, unique; people have it as their source in the directory, beside those that are imported. Lower-case letters,
	// digits, dots, dashes and underscores; not docusign.
	Name string `yaml:"name"`
	// Id of the tenant, a GUID.
	TenantID string `yaml:"tenantId"`
	// Id of the application (client), a GUID. It needs the application permission User.Read.All, and GroupMember.Read.All for groups.
	ClientID string `yaml:"clientId"`
	// File that holds the value of a client secret, with mode 0600, or 0640 at most. Either this or certificateFile.
	ClientSecretFile string `yaml:"clientSecretFile,omitempty"`
	// File with a certificate of the application and its RSA private key, both in PEM, with mode 0600, or 0640 at most.
	CertificateFile string `yaml:"certificateFile,omitempty"`
	// The cloud that the tenant is in: global, usgov, usgovdod or china. Empty is global.
	Cloud string `yaml:"cloud,omitempty"`
	// Object ids of groups whose members are known as such, by the group's name, those of groups within it included: for scopes and
	// exceptions of detections. Empty knows no groups.
	Groups []string `yaml:"groups,omitempty"`
	// Whether dates of leaving (employeeLeaveDateTime) are read, which needs the permission User-LifeCycleInfo.Read.All.
	LeaveDates bool `yaml:"leaveDates,omitempty"`
	// Minutes between two readings; 0 is 15. Who was disabled is known as such from the reading on that noticed it.
	EveryMinutes int `yaml:"everyMinutes,omitempty"`
	// Address that speaks for Entra ID and Graph in their place: a gateway of yours. https, or http on loopback. Empty is Microsoft's own.
	Endpoint string `yaml:"endpoint,omitempty"`
	// File of certificate authorities in PEM that are trusted beside the system's: that of a proxy which inspects TLS.
	CAFile string `yaml:"caFile,omitempty"`
}

var directoryPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// Every is the time between two readings.
func (e *EntraSource) Every() time.Duration {
	if e.EveryMinutes == 0 {
		return 15 * time.Minute
	}
	return time.Duration(e.EveryMinutes) * time.Minute
}

// validateEntra checks the sources of Entra ID. What the files hold is looked at when the service starts.
func validateEntra(p *problems, all []EntraSource) {
	names := map[string]bool{}
	for i, e := range all {
		key := func(field string) string { return fmt.Sprintf("sources.entra[%d].%s", i, field) }
		if !directoryPattern.MatchString(e.Name) || e.Name == "docusign" {
			p.add(key("name"), e.Name, "1 to 63 lower-case letters, digits, dots, dashes and underscores, and not docusign")
		}
		if names[e.Name] {
			p.add(key("name"), e.Name, "a name that no other source has")
		}
		names[e.Name] = true
		p.guid(key("tenantId"), e.TenantID)
		p.guid(key("clientId"), e.ClientID)
		if (e.ClientSecretFile == "") == (e.CertificateFile == "") {
			p.add(key("clientSecretFile"), e.ClientSecretFile, "either a clientSecretFile or a certificateFile")
		}
		p.file(key("clientSecretFile"), e.ClientSecretFile)
		p.file(key("certificateFile"), e.CertificateFile)
		if e.Cloud != "" {
			p.oneOf(key("cloud"), e.Cloud, "global", "usgov", "usgovdod", "china")
		}
		if len(e.Groups) > 100 {
			p.add(key("groups"), len(e.Groups), "100 groups at most")
		}
		for j, g := range e.Groups {
			p.guid(key(fmt.Sprintf("groups[%d]", j)), g)
		}
		if e.EveryMinutes != 0 {
			p.within(key("everyMinutes"), int64(e.EveryMinutes), 1, 1440)
		}
		if e.Endpoint != "" && !safeEndpoint(e.Endpoint) {
			p.add(key("endpoint"), e.Endpoint, "https://HOST, or http://127.0.0.1:PORT: the token goes there")
		}
		p.file(key("caFile"), e.CAFile)
	}
}

// entraPaths are the fields that name a file.
func entraPaths(all []EntraSource) (p []*string) {
	for i := range all {
		p = append(p, &all[i].ClientSecretFile, &all[i].CertificateFile, &all[i].CAFile)
	}
	return p
}
