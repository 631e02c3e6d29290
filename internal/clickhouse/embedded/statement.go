package embedded

import (
	"slices"
	"strings"
)

// insertStatement is an INSERT that is followed by rows, taken apart.
type insertStatement struct {
	sql    string // up to the format clause, without it
	format string
	data   string // rows that stood in the statement's own text
}

// parseInsert recognises "INSERT ... FORMAT name [rows]". Other statements,
// among them INSERT ... SELECT and INSERT ... VALUES, give false: they are
// complete in themselves.
func parseInsert(sql string) (insertStatement, bool) {
	s := scanner{sql: sql}
	first, ok := s.next()
	if !ok || !first.is("INSERT") {
		return insertStatement{}, false
	}
	depth := 0
	for {
		t, ok := s.next()
		switch {
		case !ok:
			return insertStatement{}, false
		case t.symbol('('):
			depth++
		case t.symbol(')'):
			depth--
		case depth > 0:
		case t.is("SELECT"), t.is("WITH"), t.is("WATCH"), t.is("VALUES"), t.is("INFILE"):
			return insertStatement{}, false
		case t.is("FORMAT"):
			name, ok := s.next()
			if !ok || name.kind != tokenWord {
				return insertStatement{}, false
			}
			return insertStatement{sql: sql[:t.start], format: name.text, data: afterFormat(sql[name.end:])}, true
		}
	}
}

// afterFormat removes what separates the format's name from the rows: blanks
// and one line break, or a semicolon.
func afterFormat(rest string) string {
	rest = strings.TrimLeft(rest, " \t")
	rest = strings.TrimPrefix(rest, ";")
	rest = strings.TrimPrefix(rest, "\r")
	return strings.TrimPrefix(rest, "\n")
}

// setsSettings reports whether a statement has a SETTINGS clause anywhere.
// canonical has to come from the engine's own formatter, which prints the
// keyword in capitals. A column of exactly that name is taken for one.
func setsSettings(canonical string) bool {
	return slices.ContainsFunc(tokenize(canonical), func(t token) bool { return t.kind == tokenWord && t.text == "SETTINGS" })
}

// outputFormat finds the FORMAT clause at the end of a query, "" when there is
// none.
func outputFormat(sql string) string {
	tokens := tokenize(sql)
	depth := 0
	for i := len(tokens) - 1; i > 0; i-- {
		switch t := tokens[i]; {
		case t.symbol(')'):
			depth++
		case t.symbol('('):
			depth--
		case depth != 0:
		case t.is("FROM"), t.is("SELECT"):
			return ""
		case t.is("FORMAT") && i+1 < len(tokens) && (tokens[i+1].kind == tokenWord || tokens[i+1].kind == tokenQuoted):
			return tokens[i+1].text
		}
	}
	return ""
}

func tokenize(sql string) []token {
	var tokens []token
	s := scanner{sql: sql}
	for t, ok := s.next(); ok; t, ok = s.next() {
		tokens = append(tokens, t)
	}
	return tokens
}

// firstWord is the statement's first bare word in upper case, opening
// parentheses skipped.
func firstWord(sql string) string {
	s := scanner{sql: sql}
	for t, ok := s.next(); ok; t, ok = s.next() {
		if t.kind == tokenWord {
			return strings.ToUpper(t.text)
		}
		if !t.symbol('(') {
			return ""
		}
	}
	return ""
}

// namesFile reports whether a statement reads or writes a file by its own
// syntax, which a server leaves to the client program.
func namesFile(sql string) bool {
	s := scanner{sql: sql}
	var before token
	for t, ok := s.next(); ok; t, ok = s.next() {
		if t.is("OUTFILE") && before.is("INTO") || t.is("INFILE") && before.is("FROM") {
			return true
		}
		before = t
	}
	return false
}

// readerRefuses are names that reach outside the tables or run text as SQL.
// Table functions among them are refused by the session's rights as well; the
// scalar functions need no right, so this list is what stops them before the
// kernel does.
var readerRefuses = []string{
	"file", "catboostevaluate", "eval", "executable", "filesystem", "fuzzquery", "filecluster",
	"aiclassify", "aiembed", "aiextract", "aigenerate", "aitranslate",
	"url", "urlcluster", "s3", "s3cluster", "gcs", "cosn", "oss", "hdfs", "hdfscluster",
	"azureblobstorage", "azureblobstoragecluster", "remote", "remotesecure", "cluster", "clusterallreplicas",
	"mysql", "postgresql", "mongodb", "redis", "sqlite", "jdbc", "odbc", "ytsaurus", "arrowstream",
	"loop", "merge", "timeseriesdata", "timeseriestags", "timeseriesmetrics",
	"addresstoline", "addresstolinewithinlines", "addresstosymbol", "logtrace", "getclienthttpheader",
}

// readerRefusesPrefix are families of table functions over foreign storage.
var readerRefusesPrefix = []string{"iceberg", "deltalake", "hudi", "paimon"}

// readerHarmless are functions of those families that only compute.
var readerHarmless = []string{"icebergbucket", "iceberghash", "icebergtruncate"}

// readerSystem are the tables of the database system that ordinary clients ask
// for what there is. The engine lets everybody read most others, so this list,
// the list of current databases and readerRefuses, where the table functions over
// names of tables are, keep the reader from them.
var readerSystem = []string{"one", "numbers", "databases", "tables", "columns", "functions", "settings"}

// readerShows are what a person may SHOW: the schema, and not what others do.
var readerShows = []string{"TABLES", "CREATE", "COLUMNS", "DATABASES", "DICTIONARIES", "FUNCTIONS"}

// showsSchema reports whether a statement is no SHOW, or one of readerShows.
func showsSchema(canonical string) bool {
	for i, t := range tokenize(canonical) {
		switch {
		case i == 0 && !t.is("SHOW"):
			return true
		case i == 0, t.is("FULL"), t.is("EXTENDED"), t.is("TEMPORARY"):
		default:
			return slices.Contains(readerShows, strings.ToUpper(t.text))
		}
	}
	return false
}

// readerExplains are the kinds of EXPLAIN that a person may send. PLAN, which is
// the kind of none, and QUERY TREE write each expression with all that it is made
// of: of a view in layers that is text without end, made in memory that the engine
// does not count and in a loop that nothing stops.
var readerExplains = []string{"AST", "SYNTAX", "ESTIMATE"}

// explainsSafely reports whether every EXPLAIN in a statement, in a subquery
// too, is one of readerExplains without options, which could turn one kind into
// another. canonical has to come from the engine's own formatter, which prints
// the keyword in capitals; a column of exactly that name may be taken for it.
func explainsSafely(canonical string) bool {
	tokens := tokenize(canonical)
	for i, t := range tokens {
		if t.kind != tokenWord || t.text != "EXPLAIN" || i > 0 && (tokens[i-1].symbol('.') || tokens[i-1].is("AS")) || i+1 < len(tokens) && tokens[i+1].kind == tokenSymbol && !tokens[i+1].symbol('(') {
			continue
		}
		if i+2 >= len(tokens) || !slices.Contains(readerExplains, tokens[i+1].text) {
			return false
		}
		if next := tokens[i+2]; !next.is("SELECT") && !next.is("WITH") && !next.symbol('(') {
			return false
		}
	}
	return true
}

// refusedSystemTable returns the first table of the engine's own databases in
// canonical that a person's SQL may not read, "" when there is none. canonical
// has to come from the engine's own formatter.
func refusedSystemTable(canonical string) string {
	tokens := tokenize(canonical)
	for i, t := range tokens {
		if t.kind != tokenWord && t.kind != tokenQuoted || i+2 >= len(tokens) || !tokens[i+1].symbol('.') || i > 0 && tokens[i-1].symbol('.') {
			continue
		}
		switch database, table := strings.ToLower(t.text), tokens[i+2].text; {
		case database == "information_schema", database == "system" && !slices.Contains(readerSystem, table):
			return t.text + "." + table
		}
	}
	return ""
}

// refusedName returns the first name in canonical that a person's SQL may not
// use, "" when there is none. A name behind a dot is a column or a table and
// passes, and so does one behind AS. canonical has to come from the engine's
// own formatter, so that quoting and comments hide nothing.
func refusedName(canonical string) string {
	tokens := tokenize(canonical)
	for i, t := range tokens {
		if t.kind != tokenWord && t.kind != tokenQuoted {
			continue
		}
		called := i+1 < len(tokens) && tokens[i+1].symbol('(')
		if i > 0 && !called && (tokens[i-1].symbol('.') || tokens[i-1].is("AS")) {
			continue
		}
		name := strings.ToLower(t.text)
		if slices.Contains(readerRefuses, name) {
			return t.text
		}
		if t.kind == tokenQuoted && strings.ContainsRune(t.text, '\\') {
			return t.text
		}
		if called && !slices.Contains(readerHarmless, name) {
			for _, prefix := range readerRefusesPrefix {
				if strings.HasPrefix(name, prefix) {
					return t.text
				}
			}
		}
		if name == "identifier" && i > 0 && tokens[i-1].symbol(':') {
			return "{...:Identifier}"
		}
	}
	return ""
}
