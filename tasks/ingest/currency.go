package ingest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/money"
)

// oneCurrency returns a Fault if the delivery has lines in several currencies that were not converted into one: they are never added up.
func (c Config) oneCurrency(name string, n record.Counts) error {
	switch {
	case len(n.NoRate) > 0:
		return fault.Errorf(fault.ExitBadData, "missing_rate", name, "%s: there is no rate for %s; a rate holds for its day and the %d days after it (--rates-days); nothing was stored. Add the rates to %s",
			name, noRates(n), c.RatesDays, c.Rates)
	case c.RatesSHA256() != "" || len(n.Currencies) == 0 || n.Accepted == 0 && len(n.Currencies) == 1:
		return nil
	}
	of := func(currency string, records int64, net money.Amount) string {
		return fmt.Sprintf("%s %d lines, %s", cmp.Or(currency, "unknown"), records, net)
	}
	var parts []string
	if n.Accepted > 0 {
		parts = append(parts, of(c.Currency, n.Accepted, n.AcceptedNet))
	}
	for _, p := range converted(n) {
		parts = append(parts, of(p.Currency, p.Records, p.Original))
	}
	return fault.Errorf(fault.ExitBadData, "mixed_currencies", name,
		"%s: its lines are in %d currencies, which are never added up: %s; nothing was stored. Convert them by --rates=FILE into the one of --currency, or deliver each into a root of its own (a line that is not in %s breaks the rule %s)",
		name, len(parts), strings.Join(parts, "; "), c.Currency, record.OtherCurrency)
}

// noRates lists the first ten days and currencies without a rate, by day.
func noRates(n record.Counts) string {
	days := slices.SortedFunc(maps.Keys(n.NoRate), func(a, b record.DayCurrency) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Currency, b.Currency))
	})
	var shown []string
	for _, d := range days[:min(10, len(days))] {
		shown = append(shown, fmt.Sprintf("%s on %s (%d lines)", d.Currency, d.Day, n.NoRate[d]))
	}
	text := strings.Join(shown, ", ")
	if more := len(days) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// converted lists what is in other currencies, by their codes.
func converted(n record.Counts) (all []contract.Converted) {
	for _, currency := range slices.Sorted(maps.Keys(n.Currencies)) {
		e := n.Currencies[currency]
		all = append(all, contract.Converted{Currency: currency, Records: e.Records, Original: e.Original, Amount: e.Amount})
	}
	return all
}
