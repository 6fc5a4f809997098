package space

import (
	"math"
	"slices"
)

// Scaled returns the coordinate of a raw value, NaN for null, on the axis: transformed and scaled, before any components are taken. The
// error is a [*ValueError] whose Row is −1.
func (a *Axis) Scaled(v float64) (float64, error) {
	t, err := a.transform(v, -1)
	return (t - a.Center) / a.Scale, err
}

// Value is the inverse of [Axis.Scaled]: the raw value that lies at z, and whether there is exactly one.
func (a *Axis) Value(z float64) (float64, bool) {
	v := float64(z*a.Scale) + a.Center
	if near := float64(1e-9 * a.Scale); a.Low != nil && !(v > *a.Low+near) || a.High != nil && !(v < *a.High-near) {
		return 0, false
	}
	switch a.Transform {
	case Ln:
		v = math.Exp(v)
	case Log1p:
		v = math.Expm1(v)
	}
	return v, !math.IsNaN(v) && !math.IsInf(v, 0)
}

// Direction returns how the coordinates of a place change as the scaled value of an axis grows by 1.
func (s *Space) Direction(axis int) []float64 {
	d := make([]float64, s.Dim())
	if s.PCA == nil {
		d[axis] = 1
		return d
	}
	for j, c := range s.PCA.Components {
		d[j] = c[axis]
	}
	return d
}

// mean returns what the components are centred at on an axis.
func (s *Space) mean(axis int) float64 {
	if s.PCA == nil {
		return 0
	}
	return s.PCA.Mean[axis]
}

// Pull is how much nearer one feature holds a customer to a place than to another.
type Pull struct {
	Axis int
	By   float64 // squared distance that the feature adds to the other place, less what it adds to the first
}

// Pulls splits |x − other|² − |x − own|² by feature, where x is the place of the raw values row: the parts add up to it, and come in
// descending order, equal ones by axis. With components each feature has the part that it has in them. The error is a [*ValueError].
func (s *Space) Pulls(row, own, other []float64) ([]Pull, error) {
	pulls := make([]Pull, len(s.Axes))
	for i := range s.Axes {
		z, err := s.Axes[i].Scaled(row[i])
		if err != nil {
			return nil, err
		}
		delta, between := 0.0, 0.0
		for j, w := range s.Direction(i) {
			delta += float64(w * (own[j] - other[j]))
			between += float64(w * (own[j] + other[j]) / 2)
		}
		pulls[i] = Pull{i, 2 * (z - s.mean(i) - between) * delta}
	}
	slices.SortStableFunc(pulls, func(a, b Pull) int {
		switch {
		case a.By > b.By:
			return -1
		case a.By < b.By:
			return 1
		}
		return 0
	})
	return pulls, nil
}

// Crossings returns by how much the scaled value of an axis must grow (below 0: shrink) until the distance of x to other is keep
// (0 < keep ≤ 1) times that to own: the ends of the range in which the customer stays. It is the solution of
//
//	|x − other + t·w|² = keep²·|x − own + t·w|²
//
// in t, where w is [Space.Direction]. There are at most two, ascending; none where no value of the feature leads there.
func (s *Space) Crossings(axis int, x, own, other []float64, keep float64) []float64 {
	var a, b, c float64 // a·t² + 2·b·t + c
	q := keep * keep
	for j, w := range s.Direction(axis) {
		toOther, toOwn := x[j]-other[j], x[j]-own[j]
		a += float64(w * w * (1 - q))
		b += float64(w * (toOther - float64(q*toOwn)))
		c += float64(toOther*toOther) - float64(q*toOwn*toOwn)
	}
	if a == 0 {
		if b == 0 {
			return nil
		}
		return []float64{-c / (2 * b)}
	}
	root := float64(b*b) - float64(a*c)
	if root < 0 {
		return nil
	}
	root = math.Sqrt(root)
	return []float64{(-b - root) / a, (-b + root) / a}
}
