package monitor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"go.yaml.in/yaml/v3"

	"github.com/sealwatch/sealwatch/internal/fault"
)

type bodyCase struct {
	Name, Body, Cursor string
	Want               []string
	Limit              int
}

func bodyCases(t testing.TB) []bodyCase {
	t.Helper()
	text, err := os.ReadFile("testdata/bodies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []bodyCase
	if err := yaml.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// readAll describes what a Reader returns, in the way of bodies.yaml.
func readAll(t testing.TB, r *Reader) (got []string) {
	t.Helper()
	for n := 0; ; n++ {
		item, err := r.Next()
		var broken *SyntaxError
		switch {
		case err == nil:
			got = append(got, fmt.Sprintf("%d: %s", item.Line, item.Raw))
		case errors.Is(err, io.EOF):
			return got
		case errors.As(err, &broken):
			got = append(got, strings.Replace(strings.TrimPrefix(err.Error(), "line "), ":", "!", 1))
			item.Index = broken.Index
		default:
			t.Fatalf("item %d: %v", n, err)
		}
		if item.Index != n {
			t.Fatalf("item %d has index %d", n, item.Index)
		}
	}
}

func TestReader(t *testing.T) {
	for _, tt := range bodyCases(t) {
		t.Run(tt.Name, func(t *testing.T) {
			ways := map[string]io.Reader{
				"whole":         strings.NewReader(tt.Body),
				"byte by byte":  iotest.OneByteReader(strings.NewReader(tt.Body)),
				"data with EOF": iotest.DataErrReader(strings.NewReader(tt.Body)),
				"gzip":          zipped(t, tt.Body, 1),
				"gzip in gzip":  zipped(t, tt.Body, 2),
			}
			for way, src := range ways {
				r := NewReader(src, Options{MaxRecordBytes: tt.Limit})
				if diff := cmp.Diff(tt.Want, readAll(t, r)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", way, diff)
				}
				if r.EndCursor() != tt.Cursor {
					t.Errorf("%s: cursor %q, want %q", way, r.EndCursor(), tt.Cursor)
				}
			}
		})
	}
}

func zipped(t testing.TB, s string, layers int) io.Reader {
	t.Helper()
	for range layers {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := io.WriteString(w, s); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		s = out.String()
	}
	return strings.NewReader(s)
}

func TestReaderLimits(t *testing.T) {
	record := `{"eventId":"a"}` + "\n"
	t.Run("zip bomb", func(t *testing.T) {
		r := NewReader(zipped(t, record+strings.Repeat(" ", 10<<20), 2), Options{MaxBodyBytes: 1 << 20})
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := r.Next(); !fault.Is(err, fault.BodyTooLarge) {
				t.Fatalf("got %v", err)
			}
		}
	})
	t.Run("too many layers", func(t *testing.T) {
		_, err := NewReader(zipped(t, record, 4), Options{}).Next()
		if err == nil || !strings.Contains(err.Error(), "compressed more than 3 times") {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("gzip cut off", func(t *testing.T) {
		whole, _ := io.ReadAll(zipped(t, strings.Repeat(record, 10), 1))
		got := readAll(t, NewReader(bytes.NewReader(whole[:len(whole)-9]), Options{}))
		if n := len(got); n < 1 || !strings.Contains(got[n-1], "the gzip data ends early; reading stopped here") {
			t.Fatalf("got %q", got)
		}
	})
	t.Run("gzip damaged", func(t *testing.T) {
		whole, _ := io.ReadAll(zipped(t, strings.Repeat(record, 10), 1))
		whole[len(whole)-6] ^= 1
		got := readAll(t, NewReader(bytes.NewReader(whole), Options{}))
		if n := len(got); n != 11 || !strings.Contains(got[10], "broken gzip data") {
			t.Fatalf("got %q", got)
		}
	})
	t.Run("reading fails", func(t *testing.T) {
		r := NewReader(io.MultiReader(strings.NewReader(record+"{"), iotest.ErrReader(io.ErrClosedPipe)), Options{})
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := r.Next(); !errors.Is(err, io.ErrClosedPipe) || !strings.Contains(err.Error(), "reading line 2") {
				t.Fatalf("got %v", err)
			}
		}
	})
	t.Run("UTF-16", func(t *testing.T) {
		got := readAll(t, NewReader(strings.NewReader("\xff\xfe{\x00"), Options{}))
		if len(got) != 1 || !strings.Contains(got[0], "expected JSON in UTF-8") {
			t.Fatalf("got %q", got)
		}
	})
	t.Run("memory", func(t *testing.T) {
		endless := io.LimitReader(repeat(`{"a":1,"b":"`+strings.Repeat("x", 1000)+`",`), 64<<20)
		r := NewReader(io.MultiReader(strings.NewReader(`{"data":`), endless), Options{MaxRecordBytes: 1000})
		for {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			}
			if cap(r.w.buf) > 1<<20 {
				t.Fatalf("buffer of %d bytes", cap(r.w.buf))
			}
		}
	})
}

// repeat reads s over and over.
type repeat string

func (s repeat) Read(p []byte) (n int, err error) {
	for n+len(s) <= len(p) {
		n += copy(p[n:], s)
	}
	return max(n, copy(p, s)), nil
}

func FuzzReader(f *testing.F) {
	for _, tt := range bodyCases(f) {
		f.Add([]byte(tt.Body), 100)
	}
	f.Fuzz(func(t *testing.T, body []byte, limit int) {
		limit = max(1, min(limit, 1<<16))
		for _, src := range []io.Reader{bytes.NewReader(body), iotest.OneByteReader(bytes.NewReader(body))} {
			r := NewReader(src, Options{MaxRecordBytes: limit, MaxBodyBytes: 1 << 20})
			for n := 0; ; n++ {
				item, err := r.Next()
				var broken *SyntaxError
				if err != nil && !errors.As(err, &broken) {
					break
				}
				if n > 2*len(body)+2 && len(body) < 1000 && body[0] != 0x1f {
					t.Fatalf("%d items from %d bytes", n, len(body))
				}
				if len(item.Raw) > limit {
					t.Fatalf("%d bytes, limit %d", len(item.Raw), limit)
				}
				if err == nil {
					_, _ = Decode(item.Raw)
				}
			}
		}
	})
}
