package monitor

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func BenchmarkReader(b *testing.B) {
	record := []byte(`{"timestamp":"2024-07-07T16:20:36.1227494Z","eventId":"18f39c7c-1111-1111-1111-9aadcf98d123","userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)","ipAddressLocation":{"country":"india","latitude":19.08},"object":"Envelope","action":"Created","data":{"EnvelopeId":"7d3d1d7a-1111-1111-1111-8684637b1123"}}`)
	const n = 1000
	for name, body := range map[string][]byte{
		"lines": bytes.Repeat(append(record, '\n'), n),
		"page":  append(append([]byte(`{"endCursor":"x","data":[`), bytes.Join(slicesOf(record, n), []byte{','})...), `]}`...),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r, found := NewReader(bytes.NewReader(body), Options{}), 0
				for ; ; found++ {
					if _, err := r.Next(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
				if found != n {
					b.Fatalf("%d records", found)
				}
			}
		})
	}
}

func slicesOf(s []byte, n int) (out [][]byte) {
	for range n {
		out = append(out, s)
	}
	return out
}
