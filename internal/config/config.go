// Package config is the configuration of the service: one YAML file, environment variables and flags, merged and
// checked. It reads files and the environment, and nothing else of the system.
package config

import "time"

// Config is the configuration of `sealwatch serve`. The comments on its fields are the text of
// docs/reference/config.md.
type Config struct {
	// Name of the DocuSign organisation that this instance watches. It is part of the identity of every event and
	// alert: changing it later begins a new, empty organisation. Lower-case letters, digits and hyphens, 1 to 63 of
	// them.
	Tenant string `yaml:"tenant" env:"TENANT"`
	// Directory of the embedded engine's data. One process owns it at a time.
	DataDir string `yaml:"dataDir" env:"DATA_DIR"`
	// Address of the gRPC listener, HOST:PORT; port 0 takes a free one. Loopback only, for now.
	GRPCAddr string `yaml:"grpcAddr" env:"GRPC_ADDR"`
	// Address of the REST listener, HOST:PORT; port 0 takes a free one. Loopback only, for now.
	HTTPAddr string `yaml:"httpAddr" env:"HTTP_ADDR"`
	// How long a stopping service waits for what is under way before it breaks it off.
	ShutdownTimeout time.Duration `yaml:"shutdownTimeout" env:"SHUTDOWN_TIMEOUT"`
	// The ClickHouse server to use instead of the embedded engine.
	ClickHouse ClickHouse `yaml:"clickhouse" envPrefix:"CLICKHOUSE_"`
	// The embedded engine, which runs when no ClickHouse server is named.
	Engine Engine `yaml:"engine" envPrefix:"ENGINE_"`
	// How long data is kept.
	Retention Retention `yaml:"retention" envPrefix:"RETENTION_"`
	// Taking events in.
	Ingest Ingest `yaml:"ingest" envPrefix:"INGEST_"`
	// Where events are fetched from. File only.
	Sources Sources `yaml:"sources"`
	// Lists of addresses that others publish: Tor exits, VPN providers, threat intelligence. File only.
	Feeds []Feed `yaml:"feeds"`
	// Names of applications by their integration keys, for titles and what is delivered: DocuSign's records seldom have one. File only.
	Applications map[string]string `yaml:"applications,omitempty"`
	// Looking for attacks in the stored events.
	Analysis Analysis `yaml:"analysis" envPrefix:"ANALYSIS_"`
	// Questions in SQL, with the embedded engine.
	Hunting Hunting `yaml:"hunting" envPrefix:"HUNTING_"`
	// What operators look for beside the detections.
	Policies Policies `yaml:"policies" envPrefix:"POLICIES_"`
	// Grouping alerts of one user or address into incidents.
	Incidents Incidents `yaml:"incidents" envPrefix:"INCIDENTS_"`
	// Streams of alerts.
	Streams Streams `yaml:"streams" envPrefix:"STREAMS_"`
	// Where alerts are sent. File only.
	Destinations []Destination `yaml:"destinations"`
	// The service's own log, on standard error.
	Log Log `yaml:"log" envPrefix:"LOG_"`
}

// ClickHouse names a server or cluster, 25.x or later.
type ClickHouse struct {
	// Data source name: clickhouse://HOST:9000/DATABASE for the native protocol (with ?secure=true for TLS), or
	// http:// and https:// for the HTTP interface. Empty runs the embedded engine. It may hold a password, so it is
	// never printed.
	DSN Secret `yaml:"dsn" env:"DSN"`
	// File that holds the data source name, as container platforms mount secrets. Not together with dsn.
	DSNFile string `yaml:"dsnFile" env:"DSN_FILE"`
}

// Engine is the embedded ClickHouse.
type Engine struct {
	// Path of libchdb.so. Empty looks beside the executable, in ../tools/node_modules, ../lib and ../lib/sealwatch from
	// there, and in tools/node_modules of the working directory and of each folder above it.
	Library string `yaml:"library" env:"LIBRARY"`
	// Most memory that the engine takes, in bytes, at least 268435456 (256 MiB); 0 is 2 GiB.
	MaxMemoryBytes int64 `yaml:"maxMemoryBytes" env:"MAX_MEMORY_BYTES"`
	// Queries that run at the same time; 0 is 8.
	Connections int `yaml:"connections" env:"CONNECTIONS"`
}

// Retention says how long data is kept.
type Retention struct {
	// Days after which an event is removed, by event time, a whole month at once; 0 keeps events for ever. At least 60, and
	// as many as the enabled detections look back and ahead and one more, which is 124 with all of them; with fewer, the
	// service does not start and says which detection needs how many. Older events are not taken in. Removing events
	// retracts no alert.
	EventsDays int `yaml:"eventsDays" env:"EVENTS_DAYS"`
}

// Ingest is how events come in.
type Ingest struct {
	// Largest gRPC message or JSON request that is accepted, in bytes.
	MaxMessageBytes int `yaml:"maxMessageBytes" env:"MAX_MESSAGE_BYTES"`
	// Largest body of POST /v1/monitor:import after decompression, in bytes.
	MaxImportBytes int64 `yaml:"maxImportBytes" env:"MAX_IMPORT_BYTES"`
	// Largest delivery of DocuSign Connect that is accepted, in bytes; at most 32 are read at the same time.
	MaxConnectBytes int64 `yaml:"maxConnectBytes" env:"MAX_CONNECT_BYTES"`
	// Records that may wait to be stored; beyond it callers are told to try again.
	QueueRows int `yaml:"queueRows" env:"QUEUE_ROWS"`
	// Networks of servers (API gateways, proxies, DocuSign's own beyond the built-in list), as CIDR: activity from
	// them says nothing about where a person is.
	ServerRanges []string `yaml:"serverRanges" env:"SERVER_RANGES"`
	// YAML file of classification rules that come before the built-in ones.
	ClassificationFile string `yaml:"classificationFile" env:"CLASSIFICATION_FILE"`
	// Geo databases (MMDB, MaxMind's or DB-IP's shape), or folders of them. Several products are tried in turn; of several
	// releases of one product, the newest built by the time of an event locates it, and the earliest what came before. Unset
	// takes what is found in ../tools/node_modules beside the executable; an empty list takes none, and records keep
	// DocuSign's own location.
	CityDatabases []string `yaml:"cityDatabases" env:"CITY_DATABASES"`
	// Databases of autonomous systems (MMDB, or CSV of start, end, number, name), or folders of them; products and releases
	// as above. A CSV file says by the end of its name when it was built (asn-ipv4-2026-06-01.csv); without a date it
	// covers everything. Unset and empty as above.
	ASNDatabases []string `yaml:"asnDatabases" env:"ASN_DATABASES"`
}

// Sources are what Sealwatch asks for events by itself, or what delivers them. docs/sources.md takes an administrator through it.
type Sources struct {
	// DocuSign Monitor, one entry for each user whose view of it is read. All belong to the one tenant.
	Monitor []MonitorSource `yaml:"monitor,omitempty"`
	// DocuSign Connect, one entry for each configuration in DocuSign that delivers here.
	Connect []ConnectSource `yaml:"connect,omitempty"`
	// Users and controls of DocuSign, one entry for each source of DocuSign Monitor in whose name they are read.
	DocuSign []DocuSignSource `yaml:"docusign,omitempty"`
	// Microsoft Entra ID, one entry for each tenant whose people are known.
	Entra []EntraSource `yaml:"entra,omitempty"`
}

// MonitorSource reads DocuSign Monitor in the name of one DocuSign user.
type MonitorSource struct {
	// Name of the source, unique: lower-case letters, digits and hyphens. How far it was read is kept under this name, and its
	// events have the source monitor/NAME.
	Name string `yaml:"name"`
	// DocuSign's environment: production or demo.
	Environment string `yaml:"environment"`
	// Integration key (client id) of the application in DocuSign, a GUID.
	IntegrationKey string `yaml:"integrationKey"`
	// API user id of the user in whose name it reads, a GUID: an Organization Administrator or Security Reports Administrator of this
	// organisation and of no other.
	UserID string `yaml:"userId"`
	// File of the integration key's RSA private key in PEM (PKCS#1 or PKCS#8), with mode 0600, or 0640 at most.
	PrivateKeyFile string `yaml:"privateKeyFile"`
	// Id of the organisation, a GUID. Empty looks it up, which needs a consent with organization_read. Only for api v3.
	OrganizationID string `yaml:"organizationId,omitempty"`
	// Generation of the Monitor API: v2 (lens.docusign.net) or v3 (the organisation's stream at api.docusign.com). Empty is v3.
	API string `yaml:"api,omitempty"`
	// Where a source that was never read begins: a date or a time in RFC 3339, not before 2021-01-01, which is DocuSign's first. Empty is
	// seven days ago. It changes nothing once the source was read.
	Since string `yaml:"since,omitempty"`
	// Networks from which this machine calls DocuSign, as CIDR: the addresses that DocuSign sees. Use of the integration key from
	// any other is a critical alert (own_key). Empty leaves that to unusual_impersonation.
	Egress []string `yaml:"egress,omitempty"`
	// One of the redirect addresses of the application in DocuSign, for the consent address that is shown when consent is missing.
	RedirectURI string `yaml:"redirectUri,omitempty"`
	// Address that speaks for all of DocuSign's services in their place: a gateway of yours. https, or http on loopback. Empty is
	// DocuSign's own.
	Endpoint string `yaml:"endpoint,omitempty"`
	// File of certificate authorities in PEM that are trusted beside the system's: that of a proxy which inspects TLS.
	CAFile string `yaml:"caFile,omitempty"`
}

// Analysis is the search for attacks.
type Analysis struct {
	// Longest pause between two looks at new events, in milliseconds.
	IntervalMillis int `yaml:"intervalMillis" env:"INTERVAL_MILLIS"`
	// Settings of single detections, by their id. File only.
	Detections map[string]Detection `yaml:"detections"`
}

// Policies are activity policies.
type Policies struct {
	// Folder of policies as YAML, one a file. They are followed while the service runs, and are changed there and not over the API. Empty means
	// none.
	Folder string `yaml:"folder" env:"FOLDER"`
}

// Detection tunes one detection.
type Detection struct {
	// Whether the detection runs. Unset means yes.
	Enabled *bool `yaml:"enabled,omitempty"`
	// Values of the detection's parameters, by name; what is not named keeps its default. One that counts time takes a duration such as 10m.
	Parameters map[string]string `yaml:"parameters,omitempty"`
	// About whom alerts are raised; findings about others are stored as suppressed (out_of_scope). It applies to findings
	// about people, not to those about an address or an integration.
	Scope Scope `yaml:"scope,omitempty"`
}

// Scope says about whom a detection raises alerts.
type Scope struct {
	// Only these people, when somebody is named.
	Include Selection `yaml:"include,omitempty"`
	// Not these people, even if they are included.
	Exclude Selection `yaml:"exclude,omitempty"`
}

// Hunting is what questions in SQL may cost, and where ClickHouse's own clients ask them.
type Hunting struct {
	// Address of ClickHouse's HTTP interface for hunting, HOST:PORT; port 0 takes a free one, empty has none. Loopback only, for now. The user
	// is anybody, the password is in hunt.json in the data directory.
	Addr string `yaml:"addr" env:"ADDR"`
	// Hunts that run at the same time.
	Concurrency int `yaml:"concurrency" env:"CONCURRENCY"`
	// Longest time that a hunt runs, in whole seconds.
	MaxDuration time.Duration `yaml:"maxDuration" env:"MAX_DURATION"`
	// Most rows of a result.
	MaxRows int64 `yaml:"maxRows" env:"MAX_ROWS"`
	// Most bytes of a result.
	MaxBytes int64 `yaml:"maxBytes" env:"MAX_BYTES"`
	// Most rows that a hunt reads from tables; 0 for no limit but the time.
	MaxReadRows int64 `yaml:"maxReadRows" env:"MAX_READ_ROWS"`
	// Most bytes that a hunt reads from tables; 0 for no limit but the time.
	MaxReadBytes int64 `yaml:"maxReadBytes" env:"MAX_READ_BYTES"`
	// Most memory of a hunt in the engine, in bytes; 0 is an eighth of the engine's.
	MaxMemoryBytes int64 `yaml:"maxMemoryBytes" env:"MAX_MEMORY_BYTES"`
	// How long a hunt waits for a place while as many run as may: 0s to 5m.
	MaxWait time.Duration `yaml:"maxWait" env:"MAX_WAIT"`
	// How long the reader of a result may take nothing before the hunt is ended: 1s to 10m.
	StallTimeout time.Duration `yaml:"stallTimeout" env:"STALL_TIMEOUT"`
	// How long beyond maxDuration a hunt may last because its reader is slow: 1s to 10m.
	Grace time.Duration `yaml:"grace" env:"GRACE"`
	// Days after which the audit of hunts (audit_log) is removed, a whole month at once; 0 keeps it for ever.
	AuditDays int `yaml:"auditDays" env:"AUDIT_DAYS"`
}

// Selection names people.
type Selection struct {
	// E-mail addresses or DocuSign user ids.
	Users []string `yaml:"users,omitempty"`
	// Groups of the directory; membership counts as of the event time of the finding's anchor.
	Groups []string `yaml:"groups,omitempty"`
}

// Log is the service's own log.
type Log struct {
	// Least level that is written: debug, info, warn or error.
	Level string `yaml:"level" env:"LEVEL"`
	// Form of a line: text or json.
	Format string `yaml:"format" env:"FORMAT"`
}
