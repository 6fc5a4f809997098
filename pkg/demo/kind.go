package demo

import "slices"

// kind is a kind of customer, by what such a customer does. Ranges are inclusive. Where within them a customer lies is the
// customer's own, and the ranges of kinds overlap: people are of a kind more or less.
type kind struct {
	name    string
	meaning string
	share   int    // per mille of all customers
	first   [2]int // first visit, in percent of the shop's time, counted by how busy it is
	last    [2]int // no visit after, in percent of the shop's days
	gap     [2]int // a customer's own mean number of days between visits; {0, 0}: one visit only
	growth  int    // by how many days the gap grows in a hundred days
	lines   [2]int // a customer's own mean number of lines an invoice
	packs   [2]int // packs a line, before the customer's size
	returns int    // visits in a thousand of which something comes back
	office  bool   // buys in office hours
}

// kinds are the planted kinds.
var kinds = []kind{
	{name: "loyal", meaning: "comes every few weeks, still does", share: 200,
		first: [2]int{0, 40}, last: [2]int{100, 100}, gap: [2]int{14, 50}, lines: [2]int{3, 14}, packs: [2]int{1, 3}, returns: 120},
	{name: "new", meaning: "came first in the last months", share: 140,
		first: [2]int{72, 98}, last: [2]int{100, 100}, gap: [2]int{10, 45}, lines: [2]int{2, 12}, packs: [2]int{1, 3}, returns: 100},
	{name: "fading", meaning: "comes less and less", share: 160,
		first: [2]int{0, 30}, last: [2]int{60, 96}, gap: [2]int{14, 40}, growth: 14, lines: [2]int{3, 14}, packs: [2]int{1, 3}, returns: 130},
	{name: "lost", meaning: "came for some months and has not been seen for a long time", share: 190,
		first: [2]int{0, 35}, last: [2]int{30, 66}, gap: [2]int{18, 60}, lines: [2]int{2, 13}, packs: [2]int{1, 3}, returns: 120},
	{name: "bulk", meaning: "orders rarely and a lot", share: 60,
		first: [2]int{0, 40}, last: [2]int{100, 100}, gap: [2]int{30, 90}, lines: [2]int{4, 20}, packs: [2]int{4, 24}, returns: 60, office: true},
	{name: "reseller", meaning: "stocks up every week or two", share: 40,
		first: [2]int{0, 30}, last: [2]int{100, 100}, gap: [2]int{6, 18}, lines: [2]int{6, 24}, packs: [2]int{12, 18}, returns: 150, office: true},
	{name: "one_time", meaning: "came once", share: 210,
		first: [2]int{2, 98}, last: [2]int{100, 100}, lines: [2]int{2, 13}, packs: [2]int{1, 3}, returns: 60},
}

// guestHabit is what a guest's basket looks like.
var guestHabit = habit{lines: 9, packs: [2]int{1, 1}, size: 100}

// country is where customers live, and which of the shop's products they like best.
type country struct {
	name  string
	share int // per mille of all customers; the first takes the rest
	taste int // the product that opens the country's favourite range, in per mille of the catalogue
}

// Outside the home country, tasteChance per mille of what is not a favourite comes from a tenth of the catalogue.
const (
	tasteChance = 600
	tastePart   = 10
)

var countries = []country{
	{name: "United Kingdom"},
	{name: "Germany", share: 30, taste: 300},
	{name: "France", share: 28, taste: 450},
	{name: "EIRE", share: 16, taste: 100},
	{name: "Spain", share: 10, taste: 600},
	{name: "Netherlands", share: 8, taste: 750},
	{name: "Belgium", share: 6, taste: 520},
	{name: "Switzerland", share: 5, taste: 880},
	{name: "Norway", share: 4, taste: 680},
	{name: "Japan", share: 3, taste: 940},
}

// quotas deals n customers out to the kinds: shares rounded down, the rest to the largest remainders.
func quotas(n int) []int {
	q := make([]int, len(kinds))
	left := n
	for i, k := range kinds {
		q[i] = n * k.share / 1000
		left -= q[i]
	}
	for ; left > 0; left-- {
		best, most := 0, 0
		for i, k := range kinds {
			if rest := n*k.share - 1000*q[i]; rest > most {
				best, most = i, rest
			}
		}
		q[best]++
	}
	return q
}

// countryNumber returns where the country stands in the list, or -1.
func countryNumber(name string) int {
	return slices.IndexFunc(countries, func(c country) bool { return c.name == name })
}

func countryNames() []string {
	var names []string
	for _, c := range countries {
		names = append(names, c.name)
	}
	return names
}
