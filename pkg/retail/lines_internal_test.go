package retail

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Blocks come back as they were, of values of every width, with units and without; of fields that are not wanted, what was there stays.
func TestBlocksComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	edges := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 8, 1 << 16, 1 << 32}
	var p packer
	var buf page
	for round := range 2000 {
		lines := make([]Line, 1+rng.IntN(blockLines))
		least, most, unit := rng.Int64N(1<<40), rng.Int64N(1<<(1+round%40)), numberFields[0].units[round%3].of
		number := func() int64 {
			if round%10 == 9 {
				return edges[rng.IntN(len(edges))]
			}
			return least + rng.Int64N(most+1)*int64(unit)
		}
		text := func() uint32 { return rng.Uint32N(1<<(1+round%31)) + uint32(round) }
		for i := range lines {
			lines[i] = Line{Time: number(), Quantity: number(), Price: number(), Amount: number(), Customer: text(), Invoice: text(), Code: text(),
				Description: text(), Country: 7, Status: uint32(round % 2), Region: text(), Source: uint16(round % 3)}
		}
		data := p.pack(nil, lines)
		if round%4 == 0 {
			buf = page{}
		}
		got, texts := buf.unpack(data, len(lines), AllFields)
		if !slices.Equal(got, lines) {
			t.Fatalf("round %d: a block does not come back", round)
		}
		if again := p.packTexts(slices.Clone(data[:texts]), lines); !slices.Equal(again, data) {
			t.Fatalf("round %d: texts packed again are other bytes", round)
		}
		some := make([]Line, len(lines))
		unpack(some, &[blockColumns]equal{}, data, FieldTime|FieldAmount|FieldCode)
		for i := range lines {
			if want := (Line{Time: lines[i].Time, Amount: lines[i].Amount, Code: lines[i].Code}); some[i] != want {
				t.Fatalf("round %d, line %d: %+v, want %+v", round, i, some[i], want)
			}
		}
	}
}

// What a unit says without dividing is what a division says.
func TestUnitsDivide(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	units := unitsOf(60_000_000, 1_000_000, 10_000, 1_000, 100, 3, 1<<20, math.MaxUint64)
	for range 100_000 {
		u := units[rng.IntN(len(units))]
		low, x := rng.Uint64(), rng.Uint64()
		if rng.IntN(2) == 0 {
			x = x % (math.MaxUint64/u.of + 1) * u.of // the largest quotient among them
		}
		var q [1]uint64
		if whole := u.divide(q[:], []uint64{low + x}, low); whole != (x%u.of == 0) || whole && q[0] != x/u.of {
			t.Fatalf("%d by %d: %d, %t", x, u.of, q[0], whole)
		}
	}
}

// Lines are sorted as comparing sorts them: with keys that leave room for their places, that leave none, and that are equal.
func TestSorterSorts(t *testing.T) {
	l := NewLines(Room{})
	k := &kinds{l: l}
	rng := rand.New(rand.NewPCG(5, 6))
	var s sorter
	for _, keyBits := range []int{3, 20, 60, 64} {
		for n := 1; n < 300; n += 7 {
			lines, order := make([]Line, n), make([]keyed, n)
			for i := range lines {
				key := rng.Uint64() >> (64 - keyBits)
				lines[i], order[i] = Line{Time: int64(key >> 1), Price: rng.Int64N(3), Quantity: rng.Int64N(3)}, keyed{key, uint32(i)}
			}
			want := slices.Clone(order)
			compare := func(a, b keyed) int {
				return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(lines[a.at].Price, lines[b.at].Price), cmp.Compare(lines[a.at].Quantity, lines[b.at].Quantity))
			}
			slices.SortStableFunc(want, compare)
			s.sort(&sortKey{kinds: k, bits: keyBits}, lines, order)
			for i := range order {
				if lines[order[i].at] != lines[want[i].at] || order[i].key != want[i].key {
					t.Fatalf("%d bits, %d lines: place %d has %+v, want %+v", keyBits, n, i, lines[order[i].at], lines[want[i].at])
				}
			}
			at := make([]bool, n)
			for _, o := range order {
				if at[o.at] {
					t.Fatalf("%d bits, %d lines: line %d is there twice", keyBits, n, o.at)
				}
				at[o.at] = true
			}
		}
	}
}
