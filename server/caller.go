package server

import "context"

// caller is who does what a request asks for. Until callers are authenticated it is whom the request names, which validation has seen
// to; this is the one place to change then.
func caller(_ context.Context, named string) string { return named }
