package config

import "fmt"

// ConnectSource takes in what one configuration of DocuSign Connect delivers, at POST /v1/connect/NAME.
type ConnectSource struct {
	// Name of the source, unique: lower-case letters, digits and hyphens. It is the last part of the address, and its events have
	// the source connect/NAME. The only source is also found at /v1/connect.
	Name string `yaml:"name"`
	// Files of the HMAC keys that DocuSign signs with, one key a file, with mode 0600, or 0640 at most. A delivery is taken when any of
	// them made one of its signatures: name the new one beside the old one while keys change.
	HMACKeyFiles []string `yaml:"hmacKeyFiles"`
	// Address at which DocuSign delivers, as the world sees it: https://YOUR.NAME/v1/connect/NAME. Only `sealwatch doctor` uses it, to try
	// the proxy in front.
	Address string `yaml:"address,omitempty"`
}

// maxConnectKeys is how many keys DocuSign can hold.
const maxConnectKeys = 100

// validateConnect checks the sources of DocuSign Connect. What the files hold is looked at when the service starts.
func validateConnect(p *problems, all []ConnectSource) {
	names := map[string]bool{}
	for i, c := range all {
		key := func(field string) string { return fmt.Sprintf("sources.connect[%d].%s", i, field) }
		if !destinationPattern.MatchString(c.Name) {
			p.add(key("name"), c.Name, "1 to 63 lower-case letters, digits and hyphens")
		}
		if names[c.Name] {
			p.add(key("name"), c.Name, "a name that no other source has")
		}
		names[c.Name] = true
		if c.Address != "" && !safeEndpoint(c.Address) {
			p.add(key("address"), c.Address, "the address that DocuSign delivers to, such as https://sealwatch.example.com/v1/connect/main")
		}
		if n := len(c.HMACKeyFiles); n == 0 || n > maxConnectKeys {
			p.add(key("hmacKeyFiles"), n, fmt.Sprintf("1 to %d files, each with an HMAC key: what is not signed is not taken", maxConnectKeys))
		}
		for j, f := range c.HMACKeyFiles {
			field := key(fmt.Sprintf("hmacKeyFiles[%d]", j))
			if f == "" {
				p.add(field, f, "the file of an HMAC key")
			}
			p.file(field, f)
		}
	}
}

// connectPaths are the fields that name a file.
func connectPaths(all []ConnectSource) (p []*string) {
	for i := range all {
		for j := range all[i].HMACKeyFiles {
			p = append(p, &all[i].HMACKeyFiles[j])
		}
	}
	return p
}
