package controls

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// hidden stands for a secret: that there is one is told, not which.
const hidden = "<secret>"

var (
	// secretKey is a key whose text is a secret.
	secretKey = regexp.MustCompile(`(?i)password$|secret|token$|auth_?code$|private_?key|credential`)
	// noise is what changes without anybody changing a control, or says the same in another way.
	noise = regexp.MustCompile(`(?i)Metadata$|^links$|^userCount$|^users$|^uri$|^numberOf|^errorDetails$|^lastLogin$|^loginStatus$|^resultSetSize$`)
)

// tidy brings a value into the form that is compared and kept: without noise, without secrets, addresses without what may be one.
func tidy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, one := range v {
			switch text, isText := one.(string); {
			case noise.MatchString(key) || one == nil:
			case isText && text != "" && secretKey.MatchString(key):
				out[key] = hidden
			default:
				out[key] = tidy(one)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = tidy(one)
		}
		return out
	case string:
		return address(v)
	}
	return v
}

// address takes from the address of a listener the user, the query and the fragment, which often hold a key.
func address(s string) string {
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return hidden
	}
	if u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		return s
	}
	more := ""
	if u.RawQuery != "" || u.Fragment != "" {
		more = "?" + hidden
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String() + more
}

// canonical is a value as JSON with sorted keys.
func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // of values that were read from JSON there is none that cannot be written
	}
	return string(b)
}
