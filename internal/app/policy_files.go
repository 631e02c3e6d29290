package app

import (
	"io/fs"

	"github.com/sealwatch/sealwatch/analytics/policies"
	"github.com/sealwatch/sealwatch/internal/policy"
	"github.com/sealwatch/sealwatch/server/translate"
)

// PolicyPrefix begins the name of a policy in the API.
const PolicyPrefix = translate.PolicyPrefix

// What the command line needs of policies: between messages of the API and the domain.
var (
	PolicyOf      = translate.PolicyOf
	PolicyMessage = translate.PolicyMessage
)

// ParsePolicy reads a policy from YAML, and FormatPolicy writes it so.
func ParsePolicy(text []byte) (policy.Policy, error) { return policies.Parse(text) }

// PolicyFileError puts the name of a file before each of its problems.
func PolicyFileError(name string, err error) error { return policies.InFile(name, err) }

// LocatedPolicyError puts the file and the line before each problem of a policy that begins with where it is.
func LocatedPolicyError(name string, text []byte, problems []string) error {
	return policies.Located(name, text, problems)
}

// FormatPolicy writes a policy as YAML.
func FormatPolicy(p *policy.Policy) ([]byte, error) { return policies.Format(p) }

// ReadPolicies reads the policies of a folder, by the names of their files.
func ReadPolicies(folder string) (map[string]policy.Policy, error) {
	return policies.ReadFolder(folder)
}

// PolicyTemplates are the policies that come with Sealwatch.
func PolicyTemplates() ([]policy.Policy, error) { return policies.Templates() }

// PolicyTemplateCases are their tests.
func PolicyTemplateCases() (fs.FS, error) { return policies.TemplateCases() }

// DescribePolicy says in words what a policy looks for.
func DescribePolicy(p *policy.Policy) string { return policies.Describe(p) }
