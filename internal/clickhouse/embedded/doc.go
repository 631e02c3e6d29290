// Package embedded runs ClickHouse inside Sealwatch's own binary.
//
// The engine is a shared library (ClickHouse as libchdb). It runs in a child
// process, for three reasons: a crash or a query that exhausts memory cannot
// take the service down, the kernel can confine the process, and everything
// else in Sealwatch talks to it as to any other ClickHouse, over HTTP.
//
// The parent (Start) owns what has to outlive a child: the loopback listener,
// the passwords and the operator's file DATA/engine.json. It hands listener
// and passwords to each child over inherited descriptors, so an address stays
// valid while the child restarts, and no secret appears in an argument or an
// environment. The child (RunChild) owns the data directory, under a lock.
//
// A child starts twice. The first image takes the lock, prepares the
// directory and restricts one thread with Landlock; it then executes itself
// from that thread, so that every thread of the second image is born
// restricted. The second image loads the library, installs a seccomp filter
// on all threads and serves.
//
// Two users exist. "sealwatch" may do everything inside the confinement.
// "reader" is for SQL that a person wrote: one read-only statement at a time,
// on a session of its own, under limits, behind the walls described at
// readerGate.session.
//
// Because there is no name resolution in the confinement, a dictionary over a
// table names its source as CLICKHOUSE(host '127.0.0.1' ...), which ClickHouse
// takes for itself; the default host is a name.
package embedded
