package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
)

func (l *layout) who() panel {
	s := l.Scores
	p := panel{Span: 4, Title: "Who moved", Source: "movers.arrow"}
	switch {
	case s == nil:
		return absent(4, "Who moved", "Unknown: this run has no scores.")
	case s.First:
		return absent(4, "Who moved", "These are the first scores. From the next run on, this shows who joined, left or changed segment.")
	case len(s.Movers) == 0:
		return absent(4, "Who moved", "Nobody joined, left or changed segment since the previous scores.")
	}
	p.Lead = fmt.Sprintf("%s of %s changed segment since the last scores.", count(s.Moved), count(s.Customers))
	p.Blocks = append(p.Blocks, block{Moves: l.ways()})
	for _, m := range s.Movers {
		if l.unknown(m.From) || l.unknown(m.To) {
			p.Blocks = append(p.Blocks, block{Note: "An ID without a name is a segment of the previous model. Segments of a new model that have most of the customers of one before keep its ID."})
			break
		}
	}
	p.Numbers = []*grid{l.moverTable()}
	return p
}

func (l *layout) unknown(id string) bool { _, ok := l.places[id]; return id != "" && !ok }

func (l *layout) place(id string) segmentName {
	if s, ok := l.places[id]; ok || id == "" {
		return s
	}
	return segmentName{-1, id}
}

// mostWays bounds the ways that are drawn in each direction.
const mostWays = 8

// ways are the moves by direction: to a segment of more money a customer, to one of less, in and out.
func (l *layout) ways() []moves {
	s := l.Scores
	value := map[string]float64{}
	for _, g := range s.Segments {
		value[g.ID] = float64(g.RevenuePerCustomer)
	}
	groups := []struct {
		title string
		down  bool
		is    func(view.Move) bool
	}{
		{"To a segment of more spending", false, func(m view.Move) bool { return m.From != "" && m.To != "" && value[m.To] >= value[m.From] }},
		{"To a segment of less spending", true, func(m view.Move) bool { return m.From != "" && m.To != "" && value[m.To] < value[m.From] }},
		{"First purchases, or back again", false, func(m view.Move) bool { return m.From == "" }},
		{"No purchase in the window any more", true, func(m view.Move) bool { return m.To == "" }},
	}
	var all []moves
	for _, g := range groups {
		w := moves{Down: g.down}
		var n, most int64
		var sum money.Amount
		for _, m := range s.Movers {
			if g.is(m) {
				n, sum, most = n+m.Customers, sum+m.Amount, max(most, m.Customers)
			}
		}
		if n == 0 {
			continue
		}
		for _, m := range s.Movers {
			if g.is(m) && len(w.Rows) < mostWays {
				w.Rows = append(w.Rows, move{From: l.place(m.From), To: l.place(m.To), Customers: count(m.Customers), Money: l.money.round(m.Amount),
					Width: 100 * float64(m.Customers) / float64(most)})
			}
		}
		w.Title, w.Money = fmt.Sprintf("%s: %s", g.title, people(n)), l.money.round(sum)
		all = append(all, w)
	}
	return all
}

// mostMoves bounds the table of movers: ten segments have 90 ways between them.
const mostMoves = 30

func (l *layout) moverTable() *grid {
	t := &grid{ID: "movers", Caption: "Moves since the previous scores", Head: heads("Move", "From", "To", "#Customers", "#Spending")}
	var rest view.Move
	label := func(id string) cell {
		if id == "" {
			return text(dash)
		}
		return text(l.place(id).Name)
	}
	for i, m := range l.Scores.Movers {
		if i >= mostMoves {
			rest.Customers += m.Customers
			rest.Amount += m.Amount
			continue
		}
		t.Rows = append(t.Rows, []cell{name(capital(m.Kind)), label(m.From), label(m.To), number(count(m.Customers)), number(l.money.whole(m.Amount))})
	}
	if n := len(l.Scores.Movers) - mostMoves; n > 0 {
		t.Foot = []cell{name(many(int64(n), "more move")), text(""), text(""), number(count(rest.Customers)), number(l.money.whole(rest.Amount))}
	}
	return t
}
