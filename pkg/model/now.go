package model

import (
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
)

// Recent collects the customers of the last drift window at training, part by part.
type Recent struct {
	b    *Bundle
	in   func(customer string) bool
	rows *frame.Frame
}

// Keep begins a bundle's own drift window. Neither window nor customers are part of the fit_id or the model_id: nothing that the model answers
// depends on them.
func (b *Bundle) Keep(w Window) *Recent {
	b.Manifest.Window = &w
	return &Recent{b: b, in: b.inRange(), rows: frame.New(b.Reference.Specs(), 0)}
}

// Add takes those of a part of the windows table who are in the window now and in the range of the reference.
func (r *Recent) Add(part *frame.Frame) {
	customers := part.Strings("customer")
	var rows []int
	for row, w := range part.Strings("window") {
		if w == contract.WindowNow && (r.in == nil || r.in(customers[row])) {
			rows = append(rows, row)
		}
	}
	for i := range r.rows.Columns {
		to := &r.rows.Columns[i]
		from := part.Column(to.Name)
		for _, row := range rows {
			switch from.Kind {
			case frame.Text:
				to.Strings = append(to.Strings, strings.Clone(from.Strings[row]))
			case frame.Float:
				to.Floats = append(to.Floats, from.Floats[row])
			default:
				to.Ints = append(to.Ints, from.Ints[row])
			}
		}
	}
}

// Done gives the bundle what was collected; nothing where nobody bought in the window.
func (r *Recent) Done() {
	if r.rows.Rows() == 0 {
		r.b.Now, r.b.Manifest.Window = nil, nil
		return
	}
	r.rows.SortByText("customer")
	r.b.Now = r.rows
}
