package server

import (
	"google.golang.org/protobuf/proto"
)

const (
	defaultPageSize = 50
	maxPageSize     = 1000
	// maxPageBytes keeps a page below the 4 MiB that a gRPC client takes by default: a page may be shorter than asked.
	maxPageBytes = 3 << 20
)

// pageSize of a request, where 0 means the default.
func pageSize(asked int32) int {
	if asked == 0 {
		return defaultPageSize
	}
	return min(int(asked), maxPageSize)
}

// fitting is how many of the messages one page takes: all that fit, and one at least.
func fitting[M proto.Message](messages []M) int {
	size := 0
	for i, m := range messages {
		size += proto.Size(m)
		if size > maxPageBytes && i > 0 {
			return i
		}
	}
	return len(messages)
}
