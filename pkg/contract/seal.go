package contract

import (
	"bytes"
	"errors"
	"fmt"
)

// A sealed object carries the hash of its own text as its last member:
//
//	{"version":1,…,"seal":"<hex sha256 of all bytes before the comma>"}
//
// The seal is for objects that nothing before them can name by their hash, because they are pointers or are found by another
// name than their content's. It finds what a disk or a network has changed, not what a person has.
const (
	sealStart = `,"seal":"`
	sealEnd   = "\"}\n"
	sealSize  = len(sealStart) + 64 + len(sealEnd)
)

// ErrSeal says that a sealed object's text is not what was sealed.
var ErrSeal = errors.New("the content does not match its seal")

// Sealed returns the canonical JSON of v, an object with at least one member, with its seal.
func Sealed(v any) ([]byte, error) {
	text, err := Canonical(v)
	if err != nil {
		return nil, err
	}
	body, ok := bytes.CutSuffix(text, []byte("}\n"))
	if !ok || len(body) < 2 {
		return nil, fmt.Errorf("cannot seal %.40q: want an object with members", text)
	}
	return append(body, sealStart+SHA256(body)+sealEnd...), nil
}

// CheckSeal returns [ErrSeal] if text has a seal that does not match. A text without a seal, as programs before the seal wrote
// it, passes.
func CheckSeal(text []byte) error {
	at := len(text) - sealSize
	if at < 0 || !bytes.HasPrefix(text[at:], []byte(sealStart)) {
		return nil
	}
	seal := text[at+len(sealStart):]
	if string(seal[:64]) == SHA256(text[:at]) {
		return nil
	}
	return ErrSeal
}
