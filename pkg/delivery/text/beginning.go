package text

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// beginning keeps the first bytes of a text, to tell what is not a delivery.
type beginning struct {
	src  io.Reader
	head []byte
}

// beginningBytes is how much is kept.
const beginningBytes = 256

// Read is io.Reader's.
func (b *beginning) Read(p []byte) (int, error) {
	n, err := b.src.Read(p)
	b.head = append(b.head, p[:min(n, beginningBytes-len(b.head))]...)
	return n, err
}

// explain says what the text is before the error of its header.
func (b *beginning) explain(err error) error {
	if !errors.Is(err, record.ErrColumns) {
		return err
	}
	head := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(string(b.head), "\xef\xbb\xbf")))
	if strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") {
		return fmt.Errorf("it is an HTML page, perhaps a sign-in page, not a delivery: %w", err)
	}
	return err
}

// Hint returns the separator that the first line of a text names for Excel, as in sep=; and reports whether it does.
func Hint(text []byte) (sep byte, ok bool) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	line, _, _ := bytes.Cut(text[:min(len(text), beginningBytes)], []byte{'\n'})
	line = bytes.Trim(bytes.TrimSuffix(line, []byte{'\r'}), `"`)
	const hint = "sep="
	if len(line) != len(hint)+1 || !strings.EqualFold(string(line[:len(hint)]), hint) {
		return 0, false
	}
	return line[len(hint)], true
}
