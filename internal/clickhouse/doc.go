// Package clickhouse is the one place that talks to the database: connection, migrations, and a typed wrapper for each
// statement in queries/. All SQL stands in .sql files and all values are bound by the server; no text of a user ever
// becomes SQL. It serves the embedded engine, a single server and a cluster by the same code.
package clickhouse
