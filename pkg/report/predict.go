package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/report/view"
)

// predict shows what customers are expected to do, and how far such a forecast was off the last time.
func (l *layout) predict() (section, error) {
	s := section{ID: "predict", Title: "What customers will order and spend"}
	p := l.Predict
	if p == nil {
		s.Blocks = append(s.Blocks, block{Text: "Predict did not run in this run, or it is outdated."})
		return s, nil
	}
	s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("Both methods forecast %s who had bought before %s, and were compared with the %d days after it. "+
		"The one that ranks customers better is published. As for the published one: %s.", people(p.Customers), day(p.Cut), p.Days, p.Bias)})
	if len(p.Methods) > 0 {
		s.Blocks = append(s.Blocks, block{Table: backtestTable(p)})
	}
	if len(p.Calibration) > 0 {
		s.Blocks = append(s.Blocks, block{Table: calibrationTable(p)})
	}
	s.Blocks = append(s.Blocks, block{Table: l.predictedTable(p)}, block{Note: "Date of the next order: " + p.Due.Why + "."})
	for _, text := range p.Findings {
		s.Blocks = append(s.Blocks, block{Note: sentence(text)})
	}
	return s, nil
}

func backtestTable(p *view.Predict) *grid {
	t := &grid{Caption: "The last forecast against what came", Head: heads("Method", "Published", "#Orders, of those that came", "#Money, of what came",
		"#Error in orders (RMSE)", "#Rank correlation", "#AUC of who buys")}
	for _, m := range p.Methods {
		published := "no"
		if m.Published {
			published = "yes"
		}
		t.Rows = append(t.Rows, []cell{name(m.Label), text(published), number(maybe(m.OrdersRatio, share)), number(maybe(m.MoneyRatio, share)),
			number(maybe(m.OrdersRMSE, three)), number(maybe(m.Spearman, three)), number(maybe(m.AUC, three))})
	}
	return t
}

func calibrationTable(p *view.Predict) *grid {
	t := &grid{Caption: "The model's probability of an order, by tenths of the customers",
		Head: heads("#Tenth", "#Customers", "#Predicted to buy", "#Bought", "#Orders predicted", "#Orders")}
	for _, d := range p.Calibration {
		t.Rows = append(t.Rows, []cell{number(fmt.Sprint(d.Decile)), number(count(d.Customers)), number(share(d.Buys)), number(share(d.Bought)),
			number(decimal(d.OrdersMean, 2)), number(decimal(d.OrdersActual, 2))})
	}
	return t
}

func (l *layout) predictedTable(p *view.Predict) *grid {
	t := &grid{Caption: fmt.Sprintf("Forecast for the next %d days, by segment", p.Days),
		Head: heads("Segment", "#Customers", "#Orders", "#Who buy", "#Spending", "#Not said of")}
	for _, g := range p.Segments {
		t.Rows = append(t.Rows, []cell{name(g.Name), number(count(g.Customers)), number(maybe(g.Orders, one)), number(maybe(g.Buyers, one)),
			number(maybe(g.Money, func(v float64) string { return l.money.amount(v, 0) })), number(count(g.Unsaid))})
	}
	return t
}

// maybe writes a value, or that there is none.
func maybe(v *float64, write func(float64) string) string {
	if v == nil {
		return dash
	}
	return write(*v)
}

func three(v float64) string { return decimal(v, 3) }
func one(v float64) string   { return decimal(v, 1) }
