package clickhouse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// View is a detection to be called by hand: its text, and the tuning values.
type View struct {
	ID, Text string
	Values   []Argument
}

// DefineDetections creates the views of detections: detect_<id>_base from the text, with all its parameters, and
// detect_<id>(from, to) for use by hand, with the values written in. Those that are as they should be are left alone, because the
// engine plans a view when it is created; a comment says what made it.
func (d *DB) DefineDetections(ctx context.Context, all []View) error {
	if len(all) == 0 {
		return nil
	}
	var names []string
	for _, v := range all {
		names = append(names, "detect_"+v.ID+"_base", "detect_"+v.ID)
	}
	made := make(map[string]string, len(names))
	err := d.rows(ctx, "views_made", func(r driver.Rows) error {
		var name, comment string
		err := r.Scan(&name, &comment)
		made[name] = comment
		return err
	}, list("names", names))
	if err != nil {
		return err
	}
	schema, err := Migrations()
	if err != nil {
		return err
	}
	for _, v := range all {
		base, short, err := v.statements(d.database)
		if err != nil {
			return err
		}
		// what an engine makes of the text, and what columns the tables have, is a part of a view
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s\n%s", d.version, len(schema), base, short))
		mark := hex.EncodeToString(sum[:])
		if _, there := made["detect_"+v.ID+"_base"]; there && made["detect_"+v.ID] == mark {
			continue
		}
		if err := d.conn.Exec(ctx, base); err != nil {
			return fmt.Errorf("clickhouse: view detect_%s_base: %w", v.ID, classify(ctx, err))
		}
		if err := d.conn.Exec(ctx, short+"\nCOMMENT "+Quote(mark)); err != nil {
			return fmt.Errorf("clickhouse: view detect_%s: %w", v.ID, classify(ctx, err))
		}
	}
	return nil
}

func (v *View) statements(database string) (base, short string, err error) {
	if !identifier.MatchString(v.ID) {
		return "", "", fmt.Errorf("clickhouse: detection id %q: expected lower-case letters, digits and underscores", v.ID)
	}
	arguments := []string{"from = {from:DateTime64(7, 'UTC')}", "to = {to:DateTime64(7, 'UTC')}", "subjects = []"}
	if strings.Contains(v.Text, "{line:") {
		arguments = append(arguments, "line = '2200-01-01 00:00:00'") // by hand, held events count
	}
	for _, a := range v.Values {
		if !identifier.MatchString(a.Name) || !typeName.MatchString(a.Type) {
			return "", "", fmt.Errorf("clickhouse: parameter %q of type %q of detection %s: not an identifier and a type", a.Name, a.Type, v.ID)
		}
		value, err := a.literal()
		if err != nil {
			return "", "", fmt.Errorf("clickhouse: parameter %s of detection %s: %w", a.Name, v.ID, err)
		}
		arguments = append(arguments, fmt.Sprintf("%s = %s", a.Name, value))
	}
	base = "CREATE OR REPLACE VIEW detect_" + v.ID + "_base AS\n" + v.Text
	// The database is written out, because ClickHouse looks a parameterised view up in the caller's.
	short = fmt.Sprintf("CREATE OR REPLACE VIEW detect_%s AS\nSELECT * FROM `%s`.detect_%s_base(%s)", v.ID, database, v.ID, strings.Join(arguments, ", "))
	return base, short, nil
}

// DropDetections removes the views of detections, by their ids, where there are some.
func (d *DB) DropDetections(ctx context.Context, ids []string) error {
	var names []string
	for _, id := range ids {
		if !identifier.MatchString(id) {
			return fmt.Errorf("clickhouse: detection id %q: expected lower-case letters, digits and underscores", id)
		}
		names = append(names, "detect_"+id, "detect_"+id+"_base")
	}
	var there []string
	err := d.rows(ctx, "views_made", func(r driver.Rows) error {
		var name, comment string
		err := r.Scan(&name, &comment)
		there = append(there, name)
		return err
	}, list("names", names))
	for _, name := range there {
		if err == nil {
			err = classify(ctx, d.conn.Exec(ctx, "DROP VIEW IF EXISTS "+name))
		}
	}
	return err
}
