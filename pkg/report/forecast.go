package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/report/view"
)

// forecast shows what customers are expected to do, and how far such a forecast was off the last time.
func (l *layout) forecast(p *view.Predict) []panel {
	expected := panel{Span: 6, Title: fmt.Sprintf("What they will order and spend in %d days", p.Days), Lead: capital(sentence(p.Bias)), Blocks: []block{{Table: l.predictedTable(p)}}, Source: "predictions.arrow"}
	expected.Blocks = append(expected.Blocks, block{Note: "Date of the next order: " + p.Due.Why + "."})
	for _, text := range p.Findings {
		expected.Blocks = append(expected.Blocks, block{Note: capital(sentence(text))})
	}
	tried := panel{Span: 6, Title: "How good the last forecast was", Source: "predict's result",
		Lead: fmt.Sprintf("Both methods forecast %s who had bought before %s, and were compared with the %d days after it. The one that ranks customers better is published.", people(p.Customers), day(p.Cut), p.Days)}
	if len(p.Methods) > 0 {
		tried.Blocks = append(tried.Blocks, block{Table: backtestTable(p)})
	}
	if len(p.Calibration) > 0 {
		tried.Numbers = []*grid{calibrationTable(p)}
	}
	return []panel{expected, tried}
}

// backtestTable has a column a method: their names are long, and there are few.
func backtestTable(p *view.Predict) *grid {
	t := &grid{Caption: "The last forecast against what came", Head: heads("Measure")}
	rows := [][]cell{{name("Published")}, {name("Orders, of those that came")}, {name("Money, of what came")}, {name("Error in orders (RMSE)")},
		{name("Rank correlation")}, {name("AUC of who buys")}}
	for _, m := range p.Methods {
		published := "no"
		if m.Published {
			published = "yes"
		}
		t.Head = append(t.Head, cell{Text: capital(m.Label), Class: "num"})
		for i, v := range []string{published, maybe(m.OrdersRatio, share), maybe(m.MoneyRatio, share), maybe(m.OrdersRMSE, three), maybe(m.Spearman, three), maybe(m.AUC, three)} {
			rows[i] = append(rows[i], number(v))
		}
	}
	t.Rows = rows
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
