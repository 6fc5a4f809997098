package task

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/money"
)

// Thousands writes a whole number with commas: 541,909.
func Thousands(n int64) string {
	sign, s := "", strconv.FormatInt(n, 10)
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Whole writes an amount in whole units: enough for a glance.
func Whole(m money.Amount) string { return Thousands(int64(math.Round(m.Float()))) }

// Link returns a URI as one that a terminal makes clickable: without spaces.
func Link(uri string) string {
	if u, err := url.Parse(uri); err == nil {
		return u.String()
	}
	return strings.ReplaceAll(uri, " ", "%20")
}
