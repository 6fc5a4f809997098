package warehouse

import (
	"math/big"
	"math/bits"

	"github.com/clientele/clientele/pkg/money"
)

// total is an exact sum of amounts: of 128 bits, so that no number of rows overflows it.
type total struct {
	hi int64
	lo uint64
}

// add adds an amount in ten-thousandths.
func (t *total) add(v int64) {
	var carry uint64
	t.lo, carry = bits.Add64(t.lo, uint64(v), 0)
	t.hi += v>>63 + int64(carry)
}

// String returns the sum with all of its decimals.
func (t total) String() string {
	n := new(big.Int).Lsh(big.NewInt(t.hi), 64)
	n.Add(n, new(big.Int).SetUint64(t.lo))
	return new(big.Rat).SetFrac(n, big.NewInt(money.Scale)).FloatString(money.AmountDecimals)
}
