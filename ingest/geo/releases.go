package geo

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// release is one database of a product, as it was built at some time.
type release[D any] struct {
	built    time.Time
	database D
}

// product is all releases of one, the earliest first.
type product[D any] struct {
	name     string
	releases []release[D]
}

// add puts a release in its place; of those with the same time of building, the one that was added first comes last, so that it
// is asked first.
func add[D any](all []product[D], name string, built time.Time, database D) []product[D] {
	i := slices.IndexFunc(all, func(p product[D]) bool { return p.name == name })
	if i < 0 {
		i, all = len(all), append(all, product[D]{name: name})
	}
	p := &all[i]
	at := sort.Search(len(p.releases), func(k int) bool { return !p.releases[k].built.Before(built) })
	p.releases = slices.Insert(p.releases, at, release[D]{built, database})
	return all
}

// each calls ask with the releases in the order in which they count for the time, until it returns true: the newest that was
// built by then, the older ones, and the later ones, the earliest first.
func (p *product[D]) each(at time.Time, ask func(release[D]) bool) bool {
	n := sort.Search(len(p.releases), func(k int) bool { return p.releases[k].built.After(at) })
	for k := n - 1; k >= 0; k-- {
		if ask(p.releases[k]) {
			return true
		}
	}
	for k := n; k < len(p.releases); k++ {
		if ask(p.releases[k]) {
			return true
		}
	}
	return false
}

// dates are the times of building, in order and each once.
func dates[D any](known []time.Time, all []product[D]) []time.Time {
	for i := range all {
		for _, r := range all[i].releases {
			known = append(known, r.built)
		}
	}
	slices.SortFunc(known, time.Time.Compare)
	return slices.CompactFunc(known, time.Time.Equal)
}

// expand puts the databases in a folder in its place, by name.
func expand(names []string, extensions ...string) ([]string, error) {
	var files []string
	for _, name := range names {
		s, err := os.Stat(name)
		if err != nil || !s.IsDir() {
			files = append(files, name) // whoever opens it says what is wrong
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, fmt.Errorf("%w; expected a folder with databases", err)
		}
		before := len(files)
		for _, e := range entries {
			if !e.IsDir() && slices.Contains(extensions, strings.ToLower(filepath.Ext(e.Name()))) {
				files = append(files, filepath.Join(name, e.Name()))
			}
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s holds no file that ends in %s; expected a folder with databases", name, strings.Join(extensions, " or "))
		}
	}
	return files, nil
}

// dated is the date at the end of a file's name, before its extension.
var dated = regexp.MustCompile(`^(.+?)[-_.](\d{4})-?(\d{2})(?:-?(\d{2}))?$`)

// splitName splits the name of a file that does not say itself when it was built into the product and the date: asn-ipv4-2026-06.csv
// is asn-ipv4 of June 2026. Without a date it covers everything.
func splitName(file string) (name string, built time.Time, err error) {
	base := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	m := dated.FindStringSubmatch(base)
	if m == nil {
		return base, time.Time{}, nil
	}
	built, err = time.Parse("2006-01-02", m[2]+"-"+m[3]+"-"+cmp.Or(m[4], "01"))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("%s: the name ends in what is no date: %w; expected NAME.csv or NAME-YYYY-MM-DD.csv", file, err)
	}
	return m[1], built, nil
}
