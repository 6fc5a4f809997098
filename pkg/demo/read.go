package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrTruth says that something is not what [Truth.Write] writes.
var ErrTruth = errors.New("not a demo shop's truth")

// kindsField is the field of truth.json that holds every customer's kind.
const kindsField = "customer_kinds"

// EachKind reads what [Truth.Write] wrote and calls f with every customer's id and planted kind, in the order of ids. Its
// memory does not grow with the number of customers. The error wraps [ErrTruth] or is the reader's.
func EachKind(r io.Reader, f func(customer, kind string)) error {
	d := json.NewDecoder(r)
	d.UseNumber() // a number that no float holds is no text either, and must not stop the decoder
	if err := expect(d, json.Delim('{')); err != nil {
		return err
	}
	for d.More() {
		name, err := text(d)
		if err != nil {
			return err
		}
		if name == kindsField {
			return eachPair(d, f)
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return notTruth(err)
		}
	}
	return fmt.Errorf("%w: it has no field %s", ErrTruth, kindsField)
}

// eachPair reads an object of texts.
func eachPair(d *json.Decoder, f func(name, value string)) error {
	if err := expect(d, json.Delim('{')); err != nil {
		return err
	}
	for d.More() {
		name, err := text(d)
		if err != nil {
			return err
		}
		value, err := text(d)
		if err != nil {
			return err
		}
		f(name, value)
	}
	return expect(d, json.Delim('}'))
}

func expect(d *json.Decoder, want json.Delim) error {
	t, err := d.Token()
	if err != nil {
		return notTruth(err)
	}
	if t != want {
		return fmt.Errorf("%w: %v where %v should be", ErrTruth, t, want)
	}
	return nil
}

func text(d *json.Decoder) (string, error) {
	t, err := d.Token()
	if err != nil {
		return "", notTruth(err)
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("%w: %v where a text should be", ErrTruth, t)
	}
	return s, nil
}

// notTruth says which errors of a decoder are about the text, and leaves those of its reader alone.
func notTruth(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%w: byte %d: %w", ErrTruth, syntax.Offset, err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it is cut off", ErrTruth)
	}
	return err
}
