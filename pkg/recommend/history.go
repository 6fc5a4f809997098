package recommend

import (
	"cmp"
	"slices"
	"strings"
)

// Line is one kept sale line.
type Line struct {
	Customer string // "" for a guest
	Invoice  string
	Code     string // "" where the delivery has no codes: the line is left out
	Day      int32  // of the line, in days since 1970; an invoice has the day of its earliest line
}

// History is what was bought when, by whom and on which invoice.
type History struct {
	Customers []string // in byte order
	Codes     []string // in byte order

	bought   [][]purchase // by customer: distinct, in order of code and day
	visits   [][]int32    // by customer: distinct purchase days, ascending
	invoices []invoice    // by day, customer and number
}

// purchase is a code bought on a day.
type purchase struct{ code, day int32 }

// invoice is a basket: its distinct codes, ascending.
type invoice struct {
	customer, day int32 // customer -1 is a guest
	codes         []int32
}

// NewHistory puts lines in order. Codes are compared trimmed and in capitals. Lines of guests count in invoices only.
func NewHistory(lines []Line) *History {
	lines = slices.Clone(lines)
	customers, codes := map[string]int32{}, map[string]int32{}
	for i := range lines {
		lines[i].Code = strings.ToUpper(strings.TrimSpace(lines[i].Code))
	}
	for _, l := range lines {
		if l.Customer != "" {
			customers[l.Customer] = 0
		}
	}
	lines = slices.DeleteFunc(lines, func(l Line) bool { return l.Code == "" })
	for _, l := range lines {
		codes[l.Code] = 0
	}
	h := &History{Customers: number(customers), Codes: number(codes)}
	customers[""] = -1

	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Invoice, b.Invoice), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Code, b.Code))
	})
	h.bought = make([][]purchase, len(h.Customers))
	h.visits = make([][]int32, len(h.Customers))
	for first := 0; first < len(lines); {
		next := first
		in := invoice{customer: customers[lines[first].Customer], day: lines[first].Day}
		for ; next < len(lines) && lines[next].Customer == lines[first].Customer && lines[next].Invoice == lines[first].Invoice; next++ {
			in.codes = append(in.codes, codes[lines[next].Code])
		}
		slices.Sort(in.codes)
		in.codes = slices.Compact(in.codes)
		h.invoices = append(h.invoices, in)
		if c := in.customer; c >= 0 {
			h.visits[c] = append(h.visits[c], in.day)
			for _, code := range in.codes {
				h.bought[c] = append(h.bought[c], purchase{code, in.day})
			}
		}
		first = next
	}
	slices.SortStableFunc(h.invoices, func(a, b invoice) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.customer, b.customer))
	})
	for c := range h.bought {
		slices.SortFunc(h.bought[c], func(a, b purchase) int { return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.day, b.day)) })
		h.bought[c] = slices.Compact(h.bought[c])
		slices.Sort(h.visits[c])
		h.visits[c] = slices.Compact(h.visits[c])
	}
	return h
}

// number gives the keys their place in byte order, and returns them in it.
func number(of map[string]int32) []string {
	keys := make([]string, 0, len(of))
	for k := range of {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for i, k := range keys {
		of[k] = int32(i)
	}
	return keys
}

// Window is how far back "recent" popularity looks, Test how long the months are that lists are judged on, in days.
const (
	Window = 60
	Test   = 30
)

// leastBuyers is how many customers must have bought a code before the cut, and leastInvoices how many invoices must hold it,
// for anything to be learned of it.
const (
	leastBuyers   = 5
	leastInvoices = 5
)

// cut is what is known before a day.
type cut struct {
	day       int32
	codes     []int32   // the candidates
	place     []int32   // code → candidate, or -1
	buyers    []int     // customers who bought the candidate before the cut
	recent    []float64 // customers who bought it in the Window days before the cut: pop60
	customers []int32   // with a candidate among what they bought before the cut
	known     int       // customers who bought anything before the cut
	owned     [][]int32 // by all customers: candidates bought before the cut, ascending
	pairs     int
}

// cut returns what is known before the day.
func (h *History) cut(day int32) *cut {
	buyers, recent := make([]int, len(h.Codes)), make([]float64, len(h.Codes))
	c := &cut{day: day, place: make([]int32, len(h.Codes)), owned: make([][]int32, len(h.Customers))}
	for _, bought := range h.bought {
		before := false
		for i, p := range bought {
			first := i == 0 || bought[i-1].code != p.code
			if first && p.day < day {
				buyers[p.code]++
				before = true
			}
			if since := day - Window; p.day >= since && p.day < day && (first || bought[i-1].day < since) {
				recent[p.code]++
			}
		}
		if before {
			c.known++
		}
	}
	for code, n := range buyers {
		c.place[code] = -1
		if n >= leastBuyers {
			c.place[code] = int32(len(c.codes))
			c.codes = append(c.codes, int32(code))
			c.buyers = append(c.buyers, n)
			c.recent = append(c.recent, recent[code])
		}
	}
	for who, bought := range h.bought {
		for i, p := range bought {
			if (i == 0 || bought[i-1].code != p.code) && p.day < day && c.place[p.code] >= 0 {
				c.owned[who] = append(c.owned[who], c.place[p.code])
			}
		}
		if n := len(c.owned[who]); n > 0 {
			c.customers = append(c.customers, int32(who))
			c.pairs += n
		}
	}
	return c
}

// judged are customers to test lists on: who had bought a candidate before the cut, and buys one within the Test days after it
// that is new to them.
type judged struct {
	who      []int32
	relevant [][]int32 // the new candidates, ascending
	new      int       // all new purchases of known customers
	missed   int       // those of them of no candidate
}

func (h *History) judged(c *cut) judged {
	var j judged
	for who, bought := range h.bought {
		if len(c.owned[who]) == 0 {
			continue
		}
		var relevant []int32
		for i, p := range bought {
			if (i > 0 && bought[i-1].code == p.code) || p.day < c.day || p.day >= c.day+Test {
				continue
			}
			j.new++
			if c.place[p.code] >= 0 {
				relevant = append(relevant, c.place[p.code])
			} else {
				j.missed++
			}
		}
		if len(relevant) > 0 {
			j.who = append(j.who, int32(who))
			j.relevant = append(j.relevant, relevant)
		}
	}
	return j
}
