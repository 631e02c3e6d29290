package embedded

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// cResult, cConnection and cInsert stand for C objects that only the library
// may look into; Go sees their addresses and nothing else.
type (
	cResult     struct{ _ [0]byte }
	cConnection struct{ _ [0]byte }
	cInsert     struct{ _ [0]byte }
)

// cHandle is what the library's connect returns: a cell that holds the
// connection. Queries take the connection, closing takes the cell.
type cHandle struct{ connection *cConnection }

// cAnalysis is the library's report about a statement. The caller sets size
// to the number of bytes that it has room for before each call.
type cAnalysis struct {
	size       uint32
	statements uint32
	_          uint32
	class      uint32
}

// library holds the engine's C functions. There is one per process, because
// the engine itself has process-wide state (one data directory, one set of
// thread pools).
type library struct {
	version        func() *byte
	signalHandlers func(enabled int32)
	shutdown       func() int32

	connect func(argc int32, argv **byte) *cHandle
	close   func(*cHandle)

	query  func(c *cConnection, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, n uintptr) *cResult
	stream func(c *cConnection, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, n uintptr) *cResult
	fetch  func(c *cConnection, r *cResult) *cResult
	cancel func(c *cConnection, r *cResult)

	resultBuffer  func(*cResult) *byte
	resultLength  func(*cResult) uintptr
	resultError   func(*cResult) *byte
	resultWritten func(*cResult) uint64
	// rows of the result, and what was read from tables for it
	resultRows      func(*cResult) uint64
	resultReadRows  func(*cResult) uint64
	resultReadBytes func(*cResult) uint64
	resultDestroy   func(*cResult)

	insert        func(c *cConnection, sql *byte, sqlLen uintptr, format *byte, formatLen uintptr, names **byte, nameLens *uintptr, values **byte, valueLens *uintptr, n uintptr) *cInsert
	insertAppend  func(i *cInsert, data *byte, n uintptr) int32
	insertDone    func(*cInsert) *cResult
	insertCancel  func(*cInsert)
	insertError   func(*cInsert) *byte
	insertDestroy func(*cInsert)

	classify func(c *cConnection, sql *byte, sqlLen uintptr, database *byte, databaseLen uintptr, out *cAnalysis) int32
}

var loadOnce sync.Mutex
var loaded *library

// loadLibrary opens the shared library at path and binds its functions. A
// process loads one library once; later calls return the first result. The
// library's own signal handlers are declined, because they and the Go
// runtime's cannot both have SIGSEGV.
func loadLibrary(path string) (*library, error) {
	loadOnce.Lock()
	defer loadOnce.Unlock()
	if loaded != nil {
		return loaded, nil
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load engine library %s: %w", path, err)
	}
	l := &library{}
	for name, function := range map[string]any{
		"chdb_version":                     &l.version,
		"chdb_set_signal_handlers_enabled": &l.signalHandlers,
		"chdb_shutdown":                    &l.shutdown,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.close,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_query_with_params_n":  &l.stream,
		"chdb_stream_fetch_result":         &l.fetch,
		"chdb_stream_cancel_query":         &l.cancel,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_rows_written":         &l.resultWritten,
		"chdb_result_rows_read":            &l.resultRows,
		"chdb_result_storage_rows_read":    &l.resultReadRows,
		"chdb_result_storage_bytes_read":   &l.resultReadBytes,
		"chdb_destroy_query_result":        &l.resultDestroy,
		"chdb_stream_insert_with_params_n": &l.insert,
		"chdb_stream_append":               &l.insertAppend,
		"chdb_stream_done":                 &l.insertDone,
		"chdb_stream_cancel_insert":        &l.insertCancel,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.insertDestroy,
		"chdb_classify_query_n":            &l.classify,
	} {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("engine library %s has no function %s: %w", path, name, err)
		}
		purego.RegisterFunc(function, address)
	}
	l.signalHandlers(0)
	loaded = l
	return l, nil
}

// goString copies the NUL-terminated C string at p; nil gives "".
func goString(p *byte) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

// cBytes gives s as a C pointer and length. The pointer is never nil and the
// bytes are followed by a NUL, which some of the library's functions expect.
func cBytes(s string) (*byte, uintptr) {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return &b[0], uintptr(len(s))
}

// cVector gives a list of strings as the two parallel C arrays that the
// library's parameter functions take. An empty list gives nil arrays.
func cVector(list []string) (**byte, *uintptr) {
	if len(list) == 0 {
		return nil, nil
	}
	pointers := make([]*byte, len(list))
	lengths := make([]uintptr, len(list))
	for i, s := range list {
		pointers[i], lengths[i] = cBytes(s)
	}
	return &pointers[0], &lengths[0]
}
