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
	// secretKey is a key whose value is a secret, whatever its type.
	secretKey = regexp.MustCompile(`(?i)password$|secret|token$|auth_?code$|(private|api|access|subscription|hmac)[-_]?keys?$|credential|^(proxy-)?authorization$|^x-.*(key|auth)$|^(set-)?cookie$`)
	// noise is what changes without anybody changing a control, or says the same in another way.
	noise = regexp.MustCompile(`(?i)Metadata$|^links$|^userCount$|^users$|^uri$|^numberOf|^errorDetails$|^lastLogin$|^loginStatus$|^resultSetSize$`)
)

// tidy brings a value into the form that is compared and kept: without noise, without secrets, addresses without what may be one.
func tidy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		pair := secretPair(v)
		for key, one := range v {
			switch {
			case noise.MatchString(key) || one == nil:
			case secretKey.MatchString(key) || strings.EqualFold(key, pair):
				out[key] = hide(one)
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

// hide keeps of the value under a secret key whether there is one; a flag tells no more than that.
func hide(v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		if v == "" || strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return v
		}
	}
	return hidden
}

// secretPair is the member of an object of a name and a value, a header for example, whose value is a secret by that name; else empty.
func secretPair(m map[string]any) string {
	name, value := "", ""
	for key, one := range m {
		switch strings.ToLower(key) {
		case "name", "key", "header", "headername":
			if text, ok := one.(string); ok && secretKey.MatchString(strings.TrimSpace(text)) {
				name = key
			}
		case "value", "headervalue":
			value = key
		}
	}
	if name == "" {
		return ""
	}
	return value
}

// address takes from the address of a listener the user, the query and the fragment, which often hold a key.
func address(s string) string {
	text := strings.TrimSpace(s)
	if low := strings.ToLower(text); !strings.HasPrefix(low, "http://") && !strings.HasPrefix(low, "https://") {
		return s
	}
	u, err := url.Parse(text)
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
