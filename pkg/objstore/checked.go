package objstore

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// ReadChecked is [Store.Read] of content that check takes. What check refuses is read a second time, for a network or a disk
// that hands over other bytes once in a while has damaged nothing: check's error comes only of the same content twice. Content
// that differs and is refused twice is [ErrUnavailable].
func (s *Store) ReadChecked(ctx context.Context, name string, check func([]byte) error) ([]byte, Attrs, error) {
	first, attrs, err := s.Read(ctx, name)
	if err != nil || check(first) == nil {
		return first, attrs, err
	}
	data, attrs, err := s.Read(ctx, name)
	if err != nil {
		return nil, Attrs{}, err
	}
	refused := check(data)
	switch {
	case refused == nil:
		return data, attrs, nil
	case !bytes.Equal(first, data):
		return nil, Attrs{}, fmt.Errorf("read %s: %w: two reads gave different content: %w", s.URI(name), ErrUnavailable, refused)
	}
	return nil, attrs, refused
}

// OpenHashed is [Store.Open] of the content with that hex sha256. Other content is opened a second time; the same wrong one
// twice is [ErrCorrupt], two wrong ones are [ErrUnavailable].
func (s *Store) OpenHashed(ctx context.Context, name, want string) (*Object, error) {
	var last string
	for try := range 2 {
		o, err := s.Open(ctx, name, 0)
		if err != nil {
			return nil, err
		}
		got, err := hashAll(io.NewSectionReader(o, 0, o.Size))
		if err == nil && got == want {
			return o, nil
		}
		o.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.URI(name), err)
		}
		if try == 1 && got != last {
			return nil, fmt.Errorf("read %s: %w: two reads gave different content", s.URI(name), ErrUnavailable)
		}
		last = got
	}
	return nil, fmt.Errorf("read %s: %w: sha256 is %s, want %s", s.URI(name), ErrCorrupt, last, want)
}
