package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sealwatch/sealwatch/internal/directory"
)

// jsonList reads a series of values: an object is a person or a page of them, an array holds people.
type jsonList struct {
	o     Options
	in    *json.Decoder
	lines *lineCounter
	// page is what is left of the page, which begins at the offset.
	page   *json.Decoder
	offset int64
	// inArray says that the decoder stands in the array of the file.
	inArray bool
}

func newJSON(r io.Reader, lines *lineCounter, o Options) *jsonList {
	return &jsonList{o: o, in: json.NewDecoder(r), lines: lines}
}

func (l *jsonList) next() (directory.Record, error) {
	for {
		if l.page != nil {
			if raw, line, ok, err := l.ofPage(); err != nil || ok {
				if err != nil {
					return directory.Record{}, err
				}
				return person(raw, line, l.o)
			}
			l.page = nil
		}
		if l.inArray {
			if l.in.More() {
				raw, line, err := l.value()
				if err != nil {
					return directory.Record{}, err
				}
				return person(raw, line, l.o)
			}
			if _, err := l.in.Token(); err != nil {
				return directory.Record{}, l.broken(err)
			}
			l.inArray = false
		}
		record, found, err := l.top()
		if err != nil || found {
			return record, err
		}
	}
}

// top reads the next value of the file; found says that it was a person.
func (l *jsonList) top() (record directory.Record, found bool, err error) {
	first, err := l.peek()
	if err != nil {
		return record, false, err
	}
	if first == '[' {
		if _, err := l.in.Token(); err != nil {
			return record, false, l.broken(err)
		}
		l.inArray = true
		return record, false, nil
	}
	raw, line, err := l.value()
	if err != nil {
		return record, false, err
	}
	// Microsoft Graph's, DocuSign's and SCIM's pages
	var page struct{ Value, Users, Resources json.RawMessage }
	if json.Unmarshal(raw, &page) == nil && (array(page.Value) || array(page.Users) || array(page.Resources)) {
		all := page.Value
		if !array(all) {
			all = page.Users
		}
		if !array(all) {
			all = page.Resources
		}
		l.page = json.NewDecoder(bytes.NewReader(all))
		l.offset = l.in.InputOffset() - int64(len(raw)) + int64(bytes.Index(raw, all))
		_, err = l.page.Token()
		return record, false, err
	}
	record, err = person(raw, line, l.o)
	return record, true, err
}

func array(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '[' }

// peek is the first byte of the next value.
func (l *jsonList) peek() (byte, error) {
	if !l.in.More() {
		// More is false at the end, and before a bracket that closes nothing.
		if _, err := l.in.Token(); err != nil {
			return 0, l.broken(err)
		}
		return 0, l.broken(errors.New("a bracket closes nothing"))
	}
	var one [1]byte
	// More has put the next byte that is no blank into the buffer
	buffered := l.in.Buffered()
	for {
		if _, err := io.ReadFull(buffered, one[:]); err != nil {
			return 0, l.broken(err)
		}
		if c := one[0]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, nil
		}
	}
}

// ofPage is the next person of the page.
func (l *jsonList) ofPage() (json.RawMessage, int, bool, error) {
	if !l.page.More() {
		return nil, 0, false, nil
	}
	raw := json.RawMessage(nil)
	if err := l.page.Decode(&raw); err != nil {
		return nil, 0, false, l.broken(err)
	}
	return raw, l.lines.at(l.offset + l.page.InputOffset() - int64(len(raw))), true, nil
}

// value is the next value of the file, and the line on which it begins.
func (l *jsonList) value() (json.RawMessage, int, error) {
	var raw json.RawMessage
	if err := l.in.Decode(&raw); err != nil {
		return nil, 0, l.broken(err)
	}
	return raw, l.lines.at(l.in.InputOffset() - int64(len(raw))), nil
}

// broken says where the file cannot be read any further.
func (l *jsonList) broken(err error) error {
	if errors.Is(err, io.EOF) && !l.inArray {
		return io.EOF
	}
	at := l.in.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = syntax.Offset
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("line %d: the file ends in the middle of a value", l.lines.at(l.lines.read))
	}
	return fmt.Errorf("line %d: %w; expected people as Microsoft Graph or a SCIM service returns them", l.lines.at(at), err)
}
