package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/alert"
)

// DetectionVersions are all versions of all detections of the tenant, by detection and revision.
func (d *DB) DetectionVersions(ctx context.Context, tenant string) ([]alert.DetectionVersion, error) {
	var all []alert.DetectionVersion
	err := d.rows(ctx, "detection_versions_list", func(r driver.Rows) error {
		var v alert.DetectionVersion
		var back, ahead int64
		var names, types, values []string
		if err := r.Scan(&v.Detection, &v.Revision, &v.ValidFrom, &v.ValidTo, &v.SQL, &v.Affected, &v.Candidates, &back, &ahead, &names, &types, &values,
			&v.Subjects, &v.Inputs, &v.Scope, &v.Attributes, &v.MadeAt, &v.MadeBy); err != nil {
			return err
		}
		v.LookBack, v.LookAhead = time.Duration(back), time.Duration(ahead)
		for i := range names {
			v.Arguments = append(v.Arguments, alert.Argument{Name: names[i], Type: types[i], Value: values[i]})
		}
		all = append(all, v)
		return nil
	}, named("tenant", tenant))
	return all, err
}

// AddDetectionVersions stores versions as one part: all of them or none. Their revisions MUST be new.
func (d *DB) AddDetectionVersions(ctx context.Context, tenant string, all []alert.DetectionVersion) error {
	return d.insert(ctx, "detection_versions_insert", uuid.NewString(), func(b driver.Batch) error {
		for i := range all {
			v := &all[i]
			arguments := make([]map[string]any, 0, len(v.Arguments))
			for _, a := range v.Arguments {
				arguments = append(arguments, map[string]any{"name": a.Name, "type": a.Type, "value": a.Value})
			}
			if err := b.Append(tenant, v.Detection, v.Revision, v.ValidFrom.UTC(), v.ValidTo.UTC(), v.SQL, v.Affected, v.Candidates, int64(v.LookBack), int64(v.LookAhead), arguments,
				v.Subjects, v.Inputs, v.Scope, v.Attributes, v.Hash(), v.MadeAt.UTC(), v.MadeBy); err != nil {
				return err
			}
		}
		return nil
	})
}
