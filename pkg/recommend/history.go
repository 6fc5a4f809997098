package recommend

import (
	"cmp"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/frame"
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

// LineBytes is what a [Builder] and its history take for each line, without the texts.
const LineBytes = 32

// Builder makes a history line by line.
type Builder struct {
	// ByDay says that invoice numbers are used again: an invoice is a number and a day.
	ByDay                      bool
	lines                      []line
	customers, invoices, codes frame.Texts
}

// line is a [Line] by the numbers of its texts, then by their ranks. Customer -1 is a guest.
type line struct{ customer, invoice, day, code int32 }

// Grow makes room for so many lines.
func (b *Builder) Grow(lines int) { b.lines = slices.Grow(b.lines, lines) }

// Add takes a line. Codes are compared trimmed and in capitals. Lines of guests count in invoices only. It does not keep the texts.
func (b *Builder) Add(l Line) {
	next := line{customer: -1, day: l.Day}
	if l.Customer != "" {
		next.customer = b.customers.Number(l.Customer, same)
	}
	if strings.TrimSpace(l.Code) == "" {
		return
	}
	next.invoice, next.code = b.invoices.Number(l.Invoice, same), b.codes.Number(l.Code, compared)
	b.lines = append(b.lines, next)
}

func same(s string) string { return s }

func compared(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// NewHistory is the history of all lines.
func NewHistory(lines []Line) *History {
	var b Builder
	b.Grow(len(lines))
	for _, l := range lines {
		b.Add(l)
	}
	return b.History()
}

// History is that of all lines, whatever their order. The builder is used up.
func (b *Builder) History() *History {
	h := &History{}
	var customers, codes []int32
	h.Customers, customers = b.customers.Sorted()
	h.Codes, codes = b.codes.Sorted()
	_, invoices := b.invoices.Sorted()
	lines, byDay := b.lines, b.ByDay
	*b = Builder{}
	for i := range lines {
		l := &lines[i]
		l.invoice, l.code = invoices[l.invoice], codes[l.code]
		if l.customer >= 0 {
			l.customer = customers[l.customer]
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.invoice, b.invoice), cmp.Compare(a.day, b.day), cmp.Compare(a.code, b.code))
	})
	h.group(lines, byDay)
	slices.SortStableFunc(h.invoices, func(a, b invoice) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.customer, b.customer))
	})
	return h
}

// group cuts sorted lines into invoices, and these into what customers bought and when.
func (h *History) group(lines []line, byDay bool) {
	h.bought, h.visits = make([][]purchase, len(h.Customers)), make([][]int32, len(h.Customers))
	codes, bought := make([]int32, 0, len(lines)), make([]purchase, 0, len(lines))
	for at := 0; at < len(lines); {
		first, begin := lines[at], len(codes)
		for ; at < len(lines) && lines[at].customer == first.customer && lines[at].invoice == first.invoice && (!byDay || lines[at].day == first.day); at++ {
			codes = append(codes, lines[at].code)
		}
		slices.Sort(codes[begin:])
		codes = codes[:begin+len(slices.Compact(codes[begin:]))]
		in := invoice{customer: first.customer, day: first.day, codes: codes[begin:len(codes):len(codes)]}
		h.invoices = append(h.invoices, in)
		c := in.customer
		if c < 0 {
			continue
		}
		h.visits[c] = append(h.visits[c], in.day)
		from := len(bought) - len(h.bought[c]) // her invoices lie together
		for _, code := range in.codes {
			bought = append(bought, purchase{code, in.day})
		}
		h.bought[c] = bought[from:len(bought):len(bought)]
	}
	for c := range h.bought {
		slices.SortFunc(h.bought[c], func(a, b purchase) int { return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.day, b.day)) })
		h.bought[c] = slices.Compact(h.bought[c])
		slices.Sort(h.visits[c])
		h.visits[c] = slices.Compact(h.visits[c])
	}
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
	all      int       // of so many, if who is a sample of them
	relevant [][]int32 // the new candidates, ascending
	new      int       // all new purchases of known customers
	missed   int       // those of them of no candidate
}

func (h *History) judged(c *cut, most int) judged {
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
	j.thin(c, most)
	return j
}
