package drift

import (
	"math/rand/v2"
	"testing"
)

// Quiet windows have a p-value of at most 0.05 in about one of twenty runs: of 100, 5 + 3·√(100·0.05·0.95) = 11 at most. Days as good and as bad
// as whole days are: each has a mood of its own, that a test by lines would take for a change.
func TestDaysAreBlocks(t *testing.T) {
	found := map[string]int{}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		moody := func(days []Day) []Day {
			for i := range days {
				if d := &days[i]; rng.IntN(3) == 0 {
					for h := range d.Hours {
						d.Invoices, d.Hours[h] = d.Invoices+d.Hours[h], 2*d.Hours[h]
					}
					d.Guests *= 5
				}
			}
			return days
		}
		for _, c := range CompareLines(moody(trade(rng, 15000, 60)), moody(trade(rng, 15084, 60))) {
			if c.P <= 0.05 {
				found[c.Name]++
			}
		}
	}
	for name, n := range found {
		if n > 11 {
			t.Errorf("%s: %d of 100 quiet runs", name, n)
		}
	}
}

// A change of one measure is found in it alone.
func TestCompareLines(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 13))
	before := trade(rng, 15000, 60)
	for name, change := range map[string]func(d *Day){
		LinesVolume: func(d *Day) {
			d.Invoices, d.Guests, d.Lines = 2*d.Invoices, 2*d.Guests, 2*d.Lines
			for h := range d.Hours {
				d.Hours[h] *= 2
			}
		},
		LinesGuests:    func(d *Day) { d.Guests *= 2 },
		LinesReturns:   func(d *Day) { d.Returns = d.Lines / 20 },
		LinesNoCountry: func(d *Day) { d.NoCountry = d.Lines / 20 },
		LinesHours: func(d *Day) {
			var h [24]int64
			copy(h[1:], d.Hours[:23])
			d.Hours = h
		},
	} {
		now := trade(rand.New(rand.NewPCG(14, 14)), 15084, 60)
		for i := range now {
			change(&now[i])
		}
		for _, c := range CompareLines(before, now) {
			if (c.Adjusted <= 0.01) != (c.Name == name) {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
	if got := CompareLines(before[:13], before); got != nil {
		t.Errorf("13 days: %+v", got)
	}
}
