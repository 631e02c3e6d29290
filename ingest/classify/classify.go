// Package classify tells what kind of activity a record is, from DocuSign's open spellings.
package classify

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sealwatch/sealwatch/ingest/internal/recent"
	"github.com/sealwatch/sealwatch/internal/event"
)

//go:embed activities.yaml
var builtin []byte

// Key is what a record says about its kind, in DocuSign's spelling.
type Key struct {
	Object, Action, Property, Field, Result string
	// Channel is the record's source: Web, API, Mobile or Other.
	Channel string
}

// Class is the kind of activity.
type Class struct {
	// Activity is event.ActivityUnknown where no rule matches.
	Activity string
	// Administrative says whether the account rather than an envelope is acted on.
	Administrative bool
	// Rule is the id of the rule that matched; empty where none did.
	Rule string
}

// Options of a Classifier.
type Options struct {
	// File holds the operator's rules, in the form of activities.yaml. They go before the built-in ones; empty means none.
	File string
}

// cacheSize bounds the keys that are remembered. A DocuSign organisation shows a few hundred.
const cacheSize = 4096

// Classifier applies the rules in their order; it may be used concurrently.
type Classifier struct {
	rules []rule
	known *recent.Cache[Key, Class]
}

// New loads the rules. The error names the file, the line, what was found and what was expected.
func New(opt Options) (*Classifier, error) {
	rules, err := parse("built-in activities", builtin)
	if err != nil {
		return nil, err
	}
	if opt.File != "" {
		text, err := os.ReadFile(opt.File)
		if err != nil {
			return nil, fmt.Errorf("reading the classification file: %w", err)
		}
		own, err := parse(opt.File, text)
		if err != nil {
			return nil, err
		}
		rules = append(own, rules...)
	}
	return &Classifier{rules: rules, known: recent.New[Key, Class](cacheSize)}, nil
}

// Classify gives the class of the first rule that matches. An object "Alert" is DocuSign's own finding, whatever the
// rules say.
func (c *Classifier) Classify(k Key) Class {
	if class, ok := c.known.Get(k); ok {
		return class
	}
	class := c.match(k)
	c.known.Put(k.clone(), class)
	return class
}

// Activities are all that a record can get, in order.
func (c *Classifier) Activities() []string {
	all := []string{event.ActivityUnknown, event.ActivityDocuSignAlert}
	for i := range c.rules {
		all = append(all, c.rules[i].activity)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *Classifier) match(k Key) Class {
	folded := [fields]string{fold(k.Object), fold(k.Action), fold(k.Property), fold(k.Field), fold(k.Result), fold(k.Channel)}
	if folded[0] == "alert" {
		return Class{Activity: event.ActivityDocuSignAlert, Rule: "docusign-alert"}
	}
	for i := range c.rules {
		if r := &c.rules[i]; r.matches(&folded) {
			return Class{Activity: r.activity, Administrative: r.administrative, Rule: r.id}
		}
	}
	return Class{Activity: event.ActivityUnknown}
}

// clone frees the key from the record that it is a part of.
func (k Key) clone() Key {
	return Key{strings.Clone(k.Object), strings.Clone(k.Action), strings.Clone(k.Property),
		strings.Clone(k.Field), strings.Clone(k.Result), strings.Clone(k.Channel)}
}
