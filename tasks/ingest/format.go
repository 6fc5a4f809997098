package ingest

import (
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/task/intake"
)

// advise adds the flags that can help to an error of a delivery.
func advise(err error) error {
	switch {
	case errors.Is(err, lines.ErrCustomerKey):
		return fmt.Errorf("%w (set --customer-key to the key of the stored lines, or --root to another root)", err)
	case errors.Is(err, lines.ErrShrunk):
		return fmt.Errorf("%w (if that is right, --allow-shrink)", err)
	}
	return intake.Advise(err)
}
