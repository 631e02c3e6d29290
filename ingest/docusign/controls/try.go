package controls

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/docusign"
)

// Try reads the first page of each list once and stores nothing; it returns what there is, in words.
func Try(ctx context.Context, asker *docusign.Asker, organization string, named []string) (found string, warnings []string, err error) {
	r := reading{asker: asker, sample: true}
	accounts, err := asker.Accounts(ctx)
	if err != nil {
		return "", nil, err
	}
	var scopes []scope
	for _, a := range accounts {
		if ours(a, named, organization) {
			scopes = append(scopes, r.ofAccount(a)...)
		}
	}
	if len(scopes) == 0 {
		warnings = append(warnings, noAccount)
	}
	if organization != "" {
		scopes = append(scopes, r.ofOrganization(organization)...)
	}
	counts := map[string]int{}
	refusals := map[string]bool{}
	for _, in := range scopes {
		now, err := in.read(ctx)
		var e *docusign.Error
		switch {
		case err == nil:
			counts[plural[in.kind]] += len(now)
		case errors.As(err, &e) && (e.Kind.LosesAccess() || e.Kind == docusign.KindRequest || errors.Is(err, errTooLarge)):
			refusals[fmt.Sprintf("%s cannot be read: %v", in.title(), err)] = true
		default:
			return "", nil, err
		}
	}
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%d %s", counts[kind], kind))
	}
	if len(all) == 0 {
		all = []string{"nothing can be read"}
	}
	return strings.Join(all, ", ") + " on the first pages", append(warnings, slices.Sorted(maps.Keys(refusals))...), nil
}
