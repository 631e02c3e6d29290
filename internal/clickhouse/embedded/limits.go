package embedded

import (
	"fmt"
	"time"
)

// engineConfig is what the parent tells the child over the control pipe. It
// holds the passwords, so it is never an argument and never logged.
type engineConfig struct {
	Password         string        `json:"password"`
	ReaderPassword   string        `json:"reader_password"`
	MaxMemory        uint64        `json:"max_memory"`
	Connections      int           `json:"connections"`
	MaxQueue         int           `json:"max_queue"`
	QueryTimeout     time.Duration `json:"query_timeout"`
	MaxBodyBytes     int64         `json:"max_body_bytes"`
	DrainTimeout     time.Duration `json:"drain_timeout"`
	AllowUnconfined  bool          `json:"allow_unconfined"`
	Reader           ReaderLimits  `json:"reader"`
	MaxStatementSize int64         `json:"max_statement_size"`
}

// ReaderLimits bound what the user "reader" may read and spend. Zero fields
// take the defaults that Start documents.
type ReaderLimits struct {
	// Databases that the reader may see besides ClickHouse's public system
	// tables. Default: sealwatch.
	Databases []string `json:"databases"`
	// Concurrency is the number of the reader's queries at one time. Default 4.
	Concurrency int `json:"concurrency"`
	// MaxExecutionTime of one query, in whole seconds. Default 30 s.
	MaxExecutionTime time.Duration `json:"max_execution_time"`
	// MaxMemory of one query, in bytes. Default: an eighth of the engine's.
	MaxMemory uint64 `json:"max_memory"`
	// MaxResultRows and MaxResultBytes of one query. Default 1,000,000 and 256 MiB.
	MaxResultRows  uint64 `json:"max_result_rows"`
	MaxResultBytes uint64 `json:"max_result_bytes"`
	// MaxRowsToRead from tables, 0 for no limit but the time.
	MaxRowsToRead uint64 `json:"max_rows_to_read"`
	// MaxBytesToRead from tables, 0 for no limit but the time.
	MaxBytesToRead uint64 `json:"max_bytes_to_read"`
	// MaxThreads of one query. Default 2.
	MaxThreads int `json:"max_threads"`
}

// settings are the limits as ClickHouse settings, by name.
func (l ReaderLimits) settings() map[string]uint64 {
	s := map[string]uint64{
		"max_execution_time": uint64(l.MaxExecutionTime / time.Second),
		"max_memory_usage":   l.MaxMemory,
		"max_result_rows":    l.MaxResultRows,
		"max_result_bytes":   l.MaxResultBytes,
		"max_threads":        uint64(l.MaxThreads),
	}
	if l.MaxRowsToRead > 0 {
		s["max_rows_to_read"] = l.MaxRowsToRead
	}
	if l.MaxBytesToRead > 0 {
		s["max_bytes_to_read"] = l.MaxBytesToRead
	}
	return s
}

// serverArguments configure the engine as a whole; the first connection of
// the process decides. The caches' defaults are sized for a dedicated server
// and would alone exceed a small engine's memory.
func (c engineConfig) serverArguments(dataPath, configFile string) []string {
	cache := c.MaxMemory / 16
	return []string{
		"--path=" + dataPath,
		"--config-file=" + configFile,
		fmt.Sprintf("--max_server_memory_usage=%d", c.MaxMemory),
		fmt.Sprintf("--mark_cache_size=%d", cache),
		fmt.Sprintf("--index_mark_cache_size=%d", cache/2),
		fmt.Sprintf("--primary_index_cache_size=%d", cache),
		fmt.Sprintf("--uncompressed_cache_size=%d", cache/2),
		fmt.Sprintf("--mmap_cache_size=%d", 256),
	}
}

// sessionSettings are the settings of the full user's connections. Inserts
// are synchronous, so an answer means that the rows are written; the network
// settings make functions that try the network, which the kernel refuses,
// fail at once and not after a minute of retries. A query uses every core:
// by its own default the engine wants a GiB that is free for each thread, and
// one of two GiB would do everything with a single one.
func (c engineConfig) sessionSettings() map[string]string {
	s := map[string]string{
		"async_insert":            "0",
		"session_timezone":        "UTC",
		"max_memory_usage":        fmt.Sprint(c.MaxMemory / 10 * 8),
		"http_max_tries":          "1",
		"http_connection_timeout": "1",
		"connect_timeout":         "1",
		"s3_retry_attempts":       "0",

		"max_threads_min_free_memory_per_thread": fmt.Sprint(c.MaxMemory / 16),
	}
	if c.QueryTimeout > 0 {
		s["max_execution_time"] = fmt.Sprint(int64((c.QueryTimeout + time.Second - 1) / time.Second))
	}
	return s
}

// withDefaults fills in what was left zero.
func (c engineConfig) withDefaults() engineConfig {
	setDefault(&c.MaxMemory, DefaultMaxMemory)
	setDefault(&c.Connections, 8)
	setDefault(&c.MaxQueue, 256)
	setDefault(&c.MaxBodyBytes, 1<<30)
	setDefault(&c.MaxStatementSize, 16<<20)
	setDefault(&c.DrainTimeout, 10*time.Second)
	if len(c.Reader.Databases) == 0 {
		c.Reader.Databases = []string{"sealwatch"}
	}
	setDefault(&c.Reader.Concurrency, 4)
	setDefault(&c.Reader.MaxExecutionTime, 30*time.Second)
	setDefault(&c.Reader.MaxMemory, c.MaxMemory/8)
	setDefault(&c.Reader.MaxResultRows, 1_000_000)
	setDefault(&c.Reader.MaxResultBytes, 256<<20)
	setDefault(&c.Reader.MaxThreads, 2)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
