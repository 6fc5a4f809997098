// Package rates reads rates of exchange: what one unit of each currency was worth in the shop's, day by day.
//
//	date,currency,rate
//	2011-12-01,EUR,0.85345
//	2011-12-01,USD,0.63980
//
// The three columns are found by their names, in any order. A day that a currency has no rate of has the last earlier one, as weekends
// and holidays do.
package rates

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/money"
)

// ErrRates says that a file of rates cannot be used.
var ErrRates = fault.ErrConfig.New("rates", "the rates of exchange cannot be used")

// maxBytes bounds a file of rates: every currency, for every day of sixty years.
const maxBytes = 128 << 20

// columns of the file.
var columns = [...]string{"date", "currency", "rate"}

// Table is what a file of rates says. It may be used by many goroutines.
type Table struct {
	Name   string // of the file, for people
	SHA256 string // of its text
	within calendar.Date
	by     map[string][]rate
}

type rate struct {
	day  calendar.Date
	rate money.Rate
}

// On returns the rate of a currency, an ISO 4217 code, on a day: the day's, or the last one of the days before that the table was
// read with.
func (t *Table) On(day calendar.Date, currency string) (money.Rate, bool) {
	all := t.by[currency]
	i, found := slices.BinarySearchFunc(all, day, func(r rate, day calendar.Date) int { return cmp.Compare(r.day, day) })
	if !found {
		i--
	}
	if i < 0 || day-all[i].day > t.within {
		return 0, false
	}
	return all[i].rate, true
}

// Load reads the file at a path, a file://, gs:// or https:// location. A rate holds for its day and at most within days after it. Errors
// are of class [ErrRates], of those of package source, or ctx's.
func Load(ctx context.Context, where string, within int, opts source.Options) (*Table, error) {
	text, name, err := source.ReadText(ctx, where, maxBytes, opts)
	if err != nil {
		return nil, fmt.Errorf("--rates: %w", err)
	}
	t, err := Parse(text, within)
	if err != nil {
		return nil, ErrRates.Errorf("rates", name, "--rates: %s: %w", name, err)
	}
	t.Name = name
	return t, nil
}

// Parse reads the text of a file.
func Parse(text []byte, within int) (*Table, error) {
	t := &Table{SHA256: contract.SHA256(text), within: calendar.Date(within), by: map[string][]rate{}}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty: want a header date,currency,rate and a line for each day and currency")
	}
	if err != nil {
		return nil, err
	}
	var at [len(columns)]int
	for i, name := range columns {
		at[i] = slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
		if at[i] < 0 {
			return nil, fmt.Errorf("line 1: no column %s in %q: want date,currency,rate", name, strings.Join(header, ","))
		}
	}
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if err := t.add(strings.TrimSpace(fields[at[0]]), strings.TrimSpace(fields[at[1]]), strings.TrimSpace(fields[at[2]])); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	return t, t.sort()
}

func (t *Table) add(day, currency, text string) error {
	date, err := calendar.ParseDate(day)
	if err != nil {
		return fmt.Errorf("date %q: want a day such as 2011-12-09", day)
	}
	if len(currency) != 3 || record.CurrencyCode(currency) != currency {
		return fmt.Errorf("currency %q: want an ISO 4217 code such as EUR", currency)
	}
	value, err := money.ParseRate(text)
	if err != nil {
		return fmt.Errorf("rate %q: want a number above 0 and below a million with a point and at most %d decimals, such as 0.85345", text, money.RateDecimals)
	}
	t.by[currency] = append(t.by[currency], rate{date, value})
	return nil
}

// sort puts the rates in the order of days. Two of one day are an error, equal or not: the file is not what it is meant to be.
func (t *Table) sort() error {
	for currency, all := range t.by {
		slices.SortStableFunc(all, func(a, b rate) int { return cmp.Compare(a.day, b.day) })
		for i := 1; i < len(all); i++ {
			if all[i].day == all[i-1].day {
				return fmt.Errorf("%s has two rates on %s", currency, all[i].day)
			}
		}
	}
	return nil
}
