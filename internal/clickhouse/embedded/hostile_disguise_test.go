package embedded

import (
	"strings"
	"testing"
)

// settingsInside are queries with a SETTINGS clause where the engine, although
// the session is read-only, applies it without a check. %SET% is the clause.
var settingsInside = []string{
	"WITH x AS (SELECT %SELECT% %SET%) SELECT * FROM x",
	"SELECT * FROM (SELECT %SELECT% %SET%)",
	"SELECT * FROM view(SELECT %SELECT% %SET%)",
	"SELECT (SELECT %SELECT% %SET%)",
	"SELECT 1 IN (SELECT %SELECT% %SET%)",
	"SELECT 1 WHERE EXISTS (SELECT %SELECT% %SET%)",
	"SELECT * FROM system.one JOIN (SELECT %SELECT% %SET%) AS y ON 1",
	"SELECT %SELECT% UNION ALL (SELECT %SELECT% %SET%) UNION ALL SELECT %SELECT%",
	"DESCRIBE (SELECT %SELECT% %SET%)",
	"EXPLAIN SELECT * FROM (SELECT %SELECT% %SET%)",
	"SELECT %SELECT% %SET%", "SELECT %SELECT% FORMAT TSV %SET%", "SHOW TABLES %SET%", "SELECT * FROM url('x', %SET%)",
}

var settingsClauses = [][2]string{
	{"formatRow('Protobuf', 1 AS a)", "SETTINGS output_format_schema = '%PART%'"},
	{"formatRow('Protobuf', 1 AS a)", "settings `output_format_schema`='%PART%'"},
	{"formatRow('CapnProto', 1 AS a)", "SETTINGS/**/output_format_schema/**/= '%PART%'"},
	{"getSetting('readonly')", "SETTINGS readonly = 0"},
	{"getSetting('max_memory_usage')", "SETTINGS max_memory_usage = DEFAULT"},
	{"getSetting('max_execution_time')", "SETTINGS max_execution_time = 0"},
	{"getSetting('allow_introspection_functions')", "SETTINGS allow_introspection_functions"},
}

// disguises hide a call from one who reads the statement as the engine prints
// it. %HIDDEN% is the file with the secret.
var disguises = []string{
	"WITH u AS (SELECT COLUMNS('a') APPLY(`a'`)), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(`a'`)) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a /*`)), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(`*/ a`)) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a$b$`)), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(`a$b$`)) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a $b$`)), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(`$b$ a`)) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a --`)), x AS (SELECT file('%HIDDEN%')) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a # `)), x AS (SELECT file('%HIDDEN%')) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a \"`)), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(`\" a`)) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a \\``)), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(`\\` a`)) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a \\\\'`)), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(`a'`)) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a'`('b'))), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(`a'`)) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(x -> `a'`(x))), x AS (SELECT file('%HIDDEN%')), v AS (SELECT * APPLY(x -> `a'`(x))) SELECT * FROM x",
	"WITH u AS (SELECT * APPLY(`a'`)), x AS (SELECT formatRow('Protobuf', 1 AS a) SETTINGS output_format_schema = '%PART%'), v AS (SELECT * APPLY(`a'`)) SELECT * FROM x",
	"SELECT * APPLY(`toString FROM (SELECT file(\\'%HIDDEN%\\'))`) FROM system.one",
	"SELECT * APPLY(`toString INTO OUTFILE \\'%PART%\\' TRUNCATE`) FROM system.one",
	"SELECT * APPLY(`toString SETTINGS readonly = 0`) FROM system.one",
}

// TestHostileDisguises sends statements that a check of the outermost clause,
// or of the printed text alone, lets through.
func TestHostileDisguises(t *testing.T) {
	e := startEngine(t, testOptions(t))
	full := connect(t, e)
	secret := newPassword()
	visible, hidden := newPart(t, full, "sealwatch", "visible"), newPart(t, full, "hidden", secret)
	place := strings.NewReplacer("%PART%", visible.file, "%HIDDEN%", hidden.file)
	statements := append([]string{}, disguises...)
	for _, query := range settingsInside {
		for _, clause := range settingsClauses {
			statements = append(statements, strings.NewReplacer("%SELECT%", clause[0], "%SET%", clause[1]).Replace(query))
		}
	}
	for _, sql := range statements {
		sql = place.Replace(sql)
		status, body := post(t, e, UserReader, e.ReaderPassword(), sql, nil)
		if status < 400 || strings.Contains(body, secret) {
			t.Errorf("%s\nwas not refused: %d %.300q", sql, status, body)
		}
		visible.untouched(t, sql)
	}
	if n := e.Restarts(); n != 0 {
		t.Errorf("the engine died %d times: %s", n, e.Status().LastError)
	}
}
