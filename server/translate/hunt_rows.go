package translate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
)

// Rows go from JSON to the wire form of their message without the message between, which takes a hundred bytes and more for each value.

func fieldNumber(m proto.Message, field protoreflect.Name) protowire.Number {
	return m.ProtoReflect().Descriptor().Fields().ByName(field).Number()
}

var (
	contentRows   = fieldNumber(&pb.QueryResponse{}, "rows")
	rowsOfRows    = fieldNumber(&pb.HuntRows{}, "rows")
	partOfRun     = fieldNumber(&pb.RunHuntResponse{}, "part")
	listValues    = fieldNumber(&structpb.ListValue{}, "values")
	structFields  = fieldNumber(&structpb.Struct{}, "fields")
	valueOfNull   = fieldNumber(&structpb.Value{}, "null_value")
	valueOfNumber = fieldNumber(&structpb.Value{}, "number_value")
	valueOfString = fieldNumber(&structpb.Value{}, "string_value")
	valueOfBool   = fieldNumber(&structpb.Value{}, "bool_value")
	valueOfStruct = fieldNumber(&structpb.Value{}, "struct_value")
	valueOfList   = fieldNumber(&structpb.Value{}, "list_value")
)

// Numbers of the key and the value in the message of an entry of a map.
const (
	entryKey   protowire.Number = 1
	entryValue protowire.Number = 2
)

// HuntRows is a QueryResponse with rows, each a JSON array, as protobuf sends it.
func HuntRows(rows []json.RawMessage) ([]byte, error) {
	var w huntWire
	err := w.message(contentRows, func() error {
		for i, row := range rows {
			d := json.NewDecoder(bytes.NewReader(row))
			err := w.message(rowsOfRows, func() error {
				t, err := d.Token()
				if err == nil && t != json.Delim('[') {
					err = fmt.Errorf("it begins with %v, expected [", t)
				}
				if err != nil {
					return err
				}
				return w.list(d)
			})
			if err != nil {
				return fmt.Errorf("row %d of a result: %w", i, err)
			}
		}
		return nil
	})
	return w.b, err
}

// HuntPart makes a RunHuntResponse of a QueryResponse, both as protobuf sends them.
func HuntPart(response []byte) []byte {
	b := protowire.AppendTag(make([]byte, 0, len(response)+16), partOfRun, protowire.BytesType)
	return protowire.AppendBytes(b, response)
}

type huntWire struct{ b []byte }

// message appends a field that is a message. Its length is put before it when it is known.
func (w *huntWire) message(n protowire.Number, content func() error) error {
	w.b = protowire.AppendTag(w.b, n, protowire.BytesType)
	start := len(w.b)
	if err := content(); err != nil {
		return err
	}
	length := len(w.b) - start
	size := protowire.SizeVarint(uint64(length)) //nolint:gosec // not negative
	var room [10]byte
	w.b = append(w.b, room[:size]...)
	copy(w.b[start+size:], w.b[start:start+length])
	protowire.AppendVarint(w.b[:start], uint64(length)) //nolint:gosec // as above
	return nil
}

// list is the values up to the closing bracket.
func (w *huntWire) list(d *json.Decoder) error {
	for {
		t, err := d.Token()
		if err != nil || t == json.Delim(']') {
			return err
		}
		if err := w.message(listValues, func() error { return w.value(d, t) }); err != nil {
			return err
		}
	}
}

// value is the content of a Value that begins with a token.
func (w *huntWire) value(d *json.Decoder, t json.Token) error {
	switch v := t.(type) {
	case nil:
		w.b = protowire.AppendVarint(protowire.AppendTag(w.b, valueOfNull, protowire.VarintType), 0)
	case bool:
		w.b = protowire.AppendVarint(protowire.AppendTag(w.b, valueOfBool, protowire.VarintType), protowire.EncodeBool(v))
	case float64:
		w.b = protowire.AppendFixed64(protowire.AppendTag(w.b, valueOfNumber, protowire.Fixed64Type), math.Float64bits(v))
	case string:
		w.b = protowire.AppendString(protowire.AppendTag(w.b, valueOfString, protowire.BytesType), v)
	case json.Delim:
		if v == '[' {
			return w.message(valueOfList, func() error { return w.list(d) })
		}
		return w.message(valueOfStruct, func() error { return w.fields(d) })
	default:
		return fmt.Errorf("a value of type %T", t)
	}
	return nil
}

// fields are those of an object up to the closing brace.
func (w *huntWire) fields(d *json.Decoder) error {
	for {
		t, err := d.Token()
		if err != nil || t == json.Delim('}') {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return errors.New("an object without a key")
		}
		err = w.message(structFields, func() error {
			w.b = protowire.AppendString(protowire.AppendTag(w.b, entryKey, protowire.BytesType), key)
			return w.message(entryValue, func() error {
				t, err := d.Token()
				if err != nil {
					return err
				}
				return w.value(d, t)
			})
		})
		if err != nil {
			return err
		}
	}
}
