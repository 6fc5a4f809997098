package source

import (
	"context"
	"fmt"
	"io"
)

// ReadText returns the text of the one file at a location, unpacked, of at most so many bytes, and what people call it. It is for the
// small files beside a delivery: a profile, rates of exchange.
func ReadText(ctx context.Context, where string, most int64, opts Options) (text []byte, name string, err error) {
	at, err := Parse(where)
	if err != nil || len(at) != 1 {
		return nil, Redact(where), fmt.Errorf("%w: want one path or URL", ErrNotFile)
	}
	opts.MaxBytes, opts.HashLater, opts.Known = most, false, nil
	d, err := Open(ctx, at, opts)
	if err != nil {
		return nil, at[0].String(), err
	}
	defer func() { _ = d.Close() }()
	content, err := d.Files[0].Content(ctx, UnpackOptions{Scratch: opts.Scratch, MaxBytes: most}, nil)
	if err != nil {
		return nil, d.Name, err
	}
	defer func() { _ = content.Close() }()
	if content.Kind != DelimitedText {
		return nil, d.Name, fmt.Errorf("%w: %s is %s, not text", ErrFormat, d.Name, content.Kind)
	}
	text, err = io.ReadAll(content.Text)
	return text, d.Name, err
}
