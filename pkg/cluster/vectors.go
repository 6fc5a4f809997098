package cluster

import (
	"fmt"
	"sync/atomic"

	"github.com/clientele/clientele/pkg/cluster/internal/kernel"
)

// forced holds tests and benchmarks to fewer vector instructions than the processor has: 0 for all that it has, else a tier + 1.
var forced atomic.Int32

// vectors returns the vector instructions to use.
func vectors() kernel.Tier {
	if f := forced.Load(); f > 0 {
		return kernel.Tier(f - 1)
	}
	return kernel.Best
}

// UseVectors chooses the vector instructions by name, before anything is computed: go for none, avx2, avx512, or "" for the best that
// this processor has. The result does not depend on them. One that the processor lacks is an error.
func UseVectors(name string) error {
	if name == "" {
		forced.Store(0)
		return nil
	}
	tier, err := kernel.Parse(name)
	if err != nil {
		return err
	}
	if tier > kernel.Best {
		return fmt.Errorf("this processor has no %s, its best is %s", tier, kernel.Best)
	}
	forced.Store(int32(tier) + 1)
	return nil
}
