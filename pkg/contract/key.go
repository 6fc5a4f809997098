package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Inputs are what a step's content depends on. Roots, the result file and the run id are not among them.
type Inputs struct {
	Refs   map[string]string `json:"inputs"`         // what was read: name → key or hash
	Params map[string]any    `json:"params"`         // flags that change the content
	Seed   *uint64           `json:"seed,omitempty"` // where the step draws at random
	Code   string            `json:"code"`           // VCS revision, or the binary's sha256
	// Erased is how often customers had been forgotten: what was made before is made again without them. 0 for never.
	Erased int64 `json:"erased,omitempty"`
}

// Key returns 12 hex digits of the sha256 over a step and its inputs: the name of what the step will make of them.
func Key(step string, in Inputs) (string, error) {
	text, err := Canonical(struct {
		Step string `json:"step"`
		Inputs
	}{step, in})
	if err != nil {
		return "", fmt.Errorf("key of %s: %w", step, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6]), nil
}

// Canonical returns the one JSON text of v: keys of maps sorted, floats at their shortest exact form, no white space
// but a line end at the end. Hashes in the contract are taken over it.
func Canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// SHA256 returns the hex sha256 of data.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
