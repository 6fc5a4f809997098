package maintain

import (
	"context"
	"errors"

	"github.com/clientele/clientele/pkg/objstore"
)

// NoGeneration is one that no object has: stores number by time, or count from 1 within an object that is there.
const NoGeneration = 1<<53 - 1

// May returns an error of the store's unless whoever asks may list, overwrite and delete in it, as an erasure does. It changes nothing:
// what it lists and deletes is not there, and no object has the generation that it would overwrite.
func May(ctx context.Context, s *objstore.Store) error {
	const nothing = "preflight/nothing"
	if _, err := s.List(ctx, nothing); err != nil {
		return err
	}
	if err := s.Delete(ctx, nothing, NoGeneration); err != nil {
		return err
	}
	if _, err := s.Swap(ctx, nothing, NoGeneration, nil); !errors.Is(err, objstore.ErrConflict) {
		return err
	}
	return nil
}
