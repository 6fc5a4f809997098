package model

import (
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/rfm"
	"github.com/clientele/clientele/pkg/space"
)

// SchemaError says that a customers table is not what the model was trained on.
type SchemaError struct {
	Feature string
	Want    string // kind
	Got     string // kind, "" where the column is missing
}

// Error names the feature.
func (e *SchemaError) Error() string {
	if e.Got == "" {
		return fmt.Sprintf("the customers table has no column %s, which the model uses", e.Feature)
	}
	return fmt.Sprintf("column %s of the customers table is %s, the model was trained on %s", e.Feature, e.Got, e.Want)
}

// Assignment says where customers belong, by position. Distances are Euclidean, in the model's space.
type Assignment struct {
	Nearest  []int32   // the nearest centroid; equal distance goes to the lower index
	Distance []float64 // to it
	Second   []float64 // to the second nearest; NaN in a model of one centroid

	points    cluster.Points
	centroids []float64
}

// DistanceTo returns the distance of customer i to the given centroid.
func (a *Assignment) DistanceTo(i int, centroid int) float64 {
	d := a.points.D
	return cluster.Nearest(a.centroids[centroid*d:(centroid+1)*d], a.points.Row(i)).Distance
}

// Points returns the customers' places in the model's space.
func (a *Assignment) Points() cluster.Points { return a.points }

// Assign places every customer and finds the nearest centroid: the pure function of model and customer, in training as in
// scoring. The table must have the columns of the model's space, of the kinds it was trained on ([*SchemaError]); a value
// that cannot be placed is an error that names feature and row.
func (b *Bundle) Assign(customers *frame.Frame) (*Assignment, error) {
	return b.Model.assign(customers, &b.Model.Space, b.Model.flat())
}

// AssignHeldOut places those customers that the model's shadow has not seen, once by the model and once by the shadow; both are nil in a
// model without one. The errors are those of [Bundle.Assign].
func (b *Bundle) AssignHeldOut(customers *frame.Frame) (model, shadow *Assignment, err error) {
	if b.Model.Shadow == nil {
		return nil, nil, nil
	}
	var rows []int
	for i, key := range customers.Strings("customer") {
		if HeldOut(key) {
			rows = append(rows, i)
		}
	}
	held := customers.Take(rows)
	if model, err = b.Assign(held); err == nil {
		shadow, err = b.Model.assign(held, &b.Model.Shadow.Space, slices.Concat(b.Model.Shadow.Centroids...))
	}
	return model, shadow, err
}

func (m *Model) assign(customers *frame.Frame, sp *space.Space, centroids []float64) (*Assignment, error) {
	columns, err := m.columns(customers, sp.Features())
	if err != nil {
		return nil, fmt.Errorf("assign customers: %w", err)
	}
	x, err := sp.ApplyColumns(nil, columns)
	if err != nil {
		return nil, fmt.Errorf("assign customers: %w", err)
	}
	n := customers.Rows()
	a := &Assignment{
		Nearest: make([]int32, n), Distance: make([]float64, n), Second: make([]float64, n),
		points: cluster.Points{N: n, D: sp.Dim(), X: x}, centroids: centroids,
	}
	for i := range n {
		near := cluster.Nearest(a.centroids, a.points.Row(i))
		a.Nearest[i], a.Distance[i], a.Second[i] = int32(near.Index), near.Distance, near.SecondDistance
	}
	return a, nil
}

// PreparedOtherwise names the parameters of preprocess that are other than when the model was trained, sorted; nil where the customers of
// a run with these parameters mean the same as the model's.
func (b *Bundle) PreparedOtherwise(params map[string]any) []string {
	var names []string
	for name, v := range b.Model.Prepared {
		if now, ok := params[name]; ok && !sameJSON(v, now) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func sameJSON(a, b any) bool {
	x, err := contract.Canonical(a)
	if err != nil {
		return false
	}
	y, err := contract.Canonical(b)
	return err == nil && string(x) == string(y)
}

// Distances returns how far a customer of these raw values, in the order of the space's axes, is from every centroid. The error is that of
// [space.Space.Apply].
func (b *Bundle) Distances(row []float64) ([]float64, error) {
	m := &b.Model
	x := make([]float64, m.Space.Dim())
	if err := m.Space.Apply(x, row); err != nil {
		return nil, err
	}
	out := make([]float64, m.K())
	for c := range out {
		out[c] = cluster.Nearest(m.Centroids[c], x).Distance
	}
	return out, nil
}

// Scores are customers' cells in the RFM grid, by position.
type Scores struct {
	R, F, M []int64 // 1 (worst) to 5 (best)
	Names   []string
}

// RFM scores every customer by the model's thresholds, or by those of a grid of the shop's own. The errors are those of [Bundle.Assign].
func (b *Bundle) RFM(customers *frame.Frame, own *rfm.Own) (*Scores, error) {
	m := &b.Model
	if own == nil {
		own = &rfm.Own{}
	}
	grid := own.Grid(m.Grid)
	columns, err := m.columns(customers, []string{"recency", "frequency", "monetary"})
	if err != nil {
		return nil, fmt.Errorf("score customers: %w", err)
	}
	n := customers.Rows()
	s := &Scores{R: make([]int64, n), F: make([]int64, n), M: make([]int64, n), Names: make([]string, n)}
	for i := range n {
		score := grid.Score(columns[0][i], columns[1][i], columns[2][i])
		s.R[i], s.F[i], s.M[i] = int64(score.R), int64(score.F), int64(score.M)
		s.Names[i] = own.Name(score)
	}
	return s, nil
}

// Columns returns the raw values of the axes of the model's space. The errors are those of [Bundle.Assign].
func (b *Bundle) Columns(customers *frame.Frame) ([][]float64, error) {
	columns, err := b.Model.columns(customers, b.Model.Space.Features())
	if err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	return columns, nil
}

// columns returns the values of the named features, which must be there in the kinds that the model was trained on. What was a
// whole number then may be a quantity now: both are numbers of units.
func (m *Model) columns(customers *frame.Frame, names []string) ([][]float64, error) {
	out := make([][]float64, len(names))
	for i, name := range names {
		want := ""
		for _, f := range m.Features {
			if f.Name == name {
				want = f.Kind
			}
		}
		c := customers.Column(name)
		switch {
		case c == nil:
			return nil, &SchemaError{Feature: name, Want: want}
		case want == frame.Int.String() && c.Kind == frame.Quantity:
		case want != c.Kind.String() || !c.IsNumeric():
			return nil, &SchemaError{Feature: name, Want: want, Got: c.Kind.String()}
		}
		out[i] = Numbers(c)
	}
	return out, nil
}

// Numbers returns the values of a numeric column as float64, null as NaN.
func Numbers(c *frame.Column) []float64 {
	out := make([]float64, c.Len())
	for i := range out {
		out[i] = c.Float(i)
	}
	return out
}
