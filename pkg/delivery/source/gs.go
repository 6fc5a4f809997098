package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/objstore"
)

// openObject fetches an object of a bucket at its current generation, unless that is the known one.
func (f *File) openObject(ctx context.Context, l Location, known *Known, limit int64, from *opener) error {
	store, err := from.bucket(ctx, l.bucket)
	if err != nil {
		return storeError(err)
	}
	now, err := store.Stat(ctx, l.object)
	if err != nil {
		return storeError(err)
	}
	f.Size, f.Validator = now.Size, Validator{Generation: now.Generation}
	if now.Size > limit {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooBig, now.Size, limit)
	}
	if known != nil && known.Generation == now.Generation && known.Size == now.Size {
		f.SHA256 = known.SHA256
		return nil
	}
	o, err := store.Open(ctx, l.object, now.Generation)
	if errors.Is(err, objstore.ErrNotFound) {
		return fmt.Errorf("%w: generation %d is gone", ErrChanged, now.Generation)
	}
	if err != nil {
		return storeError(err)
	}
	f.content, f.close = o.ReaderAt, o.Close
	if from.opts.Progress != nil {
		from.opts.Progress(o.Size)
	}
	f.SHA256, err = hashOf(ctx, o, o.Size)
	return err
}

// storeError wraps a store's error by what callers branch on.
func storeError(err error) error {
	switch {
	case errors.Is(err, objstore.ErrNotFound):
		return fmt.Errorf("%w: %w", ErrNotThere, err)
	case errors.Is(err, objstore.ErrPermission):
		return fmt.Errorf("%w: %w", ErrPermission, err)
	case errors.Is(err, objstore.ErrUnavailable), errors.Is(err, objstore.ErrCorrupt): // damage to an object shows when it is unpacked
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}
