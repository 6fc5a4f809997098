package text

import (
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
	line, _, _ := strings.Cut(head, "\n")
	line = strings.Trim(strings.TrimSpace(line), `"`)
	switch {
	case strings.HasPrefix(head, "<!doctype html"), strings.HasPrefix(head, "<html"):
		return fmt.Errorf("it is an HTML page, perhaps a sign-in page, not a delivery: %w", err)
	case strings.HasPrefix(line, "sep=") && len(line) <= len("sep=")+2:
		return fmt.Errorf("its first line is %q, a hint for Excel: remove it: %w", line, err)
	}
	return err
}
