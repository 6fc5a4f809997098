package scratch_test

import (
	"testing"

	"github.com/clientele/clientele/pkg/scratch"
)

// The usual sizes are those that the packages had as constants before there was a budget.
func TestBudget(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name   string
		part   func(scratch.Budget) int
		usual  int
		little int // of 192 MiB, a quarter of the 768 MiB from which all sizes are the usual ones
	}{
		{"shared strings", scratch.Budget.SharedStrings, 384 * mib, 96 * mib},
		{"ballast", scratch.Budget.Ballast, 64 * mib, 16 * mib},
		{"lines", scratch.Budget.Lines, 32 * mib, 8 * mib},
		{"table", scratch.Budget.Table, 8 * mib, 2 * mib},
		{"upload", scratch.Budget.Upload, mib, mib / 4},
		{"object", scratch.Budget.Object, 8 * mib, 2 * mib},
	} {
		for budget, want := range map[scratch.Budget]int{0: c.usual, 768 * mib: c.usual, 1 << 40: c.usual, 192 * mib: c.little} {
			if got := c.part(budget); got != want {
				t.Errorf("%s of %d: %d, want %d", c.name, budget, got, want)
			}
		}
	}
}
