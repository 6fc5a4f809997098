// Package measure says what a campaign did to the average invoice value, and beforehand what could be seen at all.
//
// The average invoice value of an arm is Σ revenue / Σ invoices over all its customers, buyers or not: who buys is an outcome. The
// customer is the unit, for invoices of one customer are alike; a test that takes invoices as independent finds an effect in a third
// of comparisons of nothing. Revenue is capped by invoice, as one order can outweigh an arm, and adjusted by what was known before.
//
//	u := measure.Hash("spring", customer)              // arm, the same on any day
//	plan := measure.NewPlan(people, cap, 0.5)          // smallest effect that can be seen
//	effect := measure.Compare(treated, control, 1.96)  // what came
package measure

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// Hash returns a number from 0 to below 1 for a customer: the first 8 bytes, big-endian, of SHA-256(salt ‖ 0x00 ‖ customer), over
// 2⁶⁴. It is the same on any day, for newcomers too. It is not below 1 by rounding for the largest 2¹⁰ of 2⁶⁴ values, which are taken
// down to the next number.
func Hash(salt, customer string) float64 {
	text := make([]byte, 0, len(salt)+1+len(customer))
	text = append(append(append(text, salt...), 0), customer...)
	sum := sha256.Sum256(text)
	return min(float64(binary.BigEndian.Uint64(sum[:8]))/(1<<64), math.Nextafter(1, 0))
}
