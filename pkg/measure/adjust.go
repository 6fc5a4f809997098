package measure

import "math"

// width is the number of columns of a moment matrix: 1, Y, N and the covariates.
const width = 3 + Covariates

// moments are Σ z·zᵀ over customers of z = (1, Y, N, x…), columns scaled by the caller: all that a comparison needs.
type moments [width][width]float64

// add adds a customer's row, upper triangle only.
func (m *moments) add(z *[width]float64) {
	for i := range width {
		for k := i; k < width; k++ {
			m[i][k] += z[i] * z[k]
		}
	}
}

// full fills the lower triangle.
func (m *moments) full() {
	for i := range width {
		for k := range i {
			m[i][k] = m[k][i]
		}
	}
}

// minus returns the difference of two, both full.
func (m *moments) minus(o *moments) (d moments) {
	for i := range width {
		for k := range width {
			d[i][k] = m[i][k] - o[i][k]
		}
	}
	return d
}

// rows are the scaled columns of customers: each column over its root mean square, so that none outweighs another in rounding.
type rows struct {
	z     [][width]float64
	scale [width]float64
}

func newRows(people []Person) rows {
	r := rows{z: make([][width]float64, len(people))}
	for i, p := range people {
		r.z[i][0], r.z[i][1], r.z[i][2] = 1, p.Y, p.N
		copy(r.z[i][3:], p.X[:])
	}
	for c := range width {
		sum := 0.0
		for i := range r.z {
			sum += float64(r.z[i][c] * r.z[i][c])
		}
		r.scale[c] = 1
		if sum > 0 {
			r.scale[c] = math.Sqrt(sum / float64(len(people)))
		}
		for i := range r.z {
			r.z[i][c] /= r.scale[c]
		}
	}
	return r
}

// within returns the cross-products of columns 1… with their arms' means taken out, summed over arms.
func within(arms ...*moments) (w moments) {
	for _, a := range arms {
		if n := a[0][0]; n > 0 {
			for i := 1; i < width; i++ {
				for k := 1; k < width; k++ {
					w[i][k] += a[i][k] - a[0][i]*a[0][k]/n
				}
			}
		}
	}
	return w
}

// dropped is the share of a covariate's sum of squares that must be left beside the others for it to count.
const dropped = 1e-9

// slopes solves for the coefficients of column y on the covariates by Cholesky's decomposition of w. A covariate that says nothing
// beside those before it has coefficient 0.
func slopes(w *moments, y int) (theta [Covariates]float64) {
	var l [Covariates][Covariates]float64
	var half [Covariates]float64
	var out [Covariates]bool
	for i := range Covariates {
		left, right := w[3+i][3+i], w[3+i][y]
		for k := range i {
			if out[k] {
				continue
			}
			v := w[3+i][3+k]
			for j := range k {
				v -= l[i][j] * l[k][j]
			}
			l[i][k] = v / l[k][k]
			left -= l[i][k] * l[i][k]
			right -= l[i][k] * half[k]
		}
		if !(left > dropped*w[3+i][3+i]) || !(left > 0) {
			out[i], l[i] = true, [Covariates]float64{}
			continue
		}
		l[i][i] = math.Sqrt(left)
		half[i] = right / l[i][i]
	}
	for i := Covariates - 1; i >= 0; i-- {
		if out[i] {
			continue
		}
		v := half[i]
		for k := i + 1; k < Covariates; k++ {
			v -= l[k][i] * theta[k]
		}
		theta[i] = v / l[i][i]
	}
	return theta
}

// combination is a weighted sum of the columns of a row.
type combination [width]float64

// sum returns Σ a·z over an arm.
func (m *moments) sum(a *combination) (s float64) {
	for i := range width {
		s += a[i] * m[0][i]
	}
	return s
}

// square returns Σ (a·z)² over an arm.
func (m *moments) square(a *combination) (s float64) {
	for i := range width {
		for k := range width {
			s += a[i] * m[i][k] * a[k]
		}
	}
	return max(s, 0)
}

// ratio returns the ratio of two combinations over an arm; column 0 of the moments is 1.
func (m *moments) ratio(y, n *combination) Ratio {
	size := m[0][0]
	r := Ratio{Customers: int(math.Round(size)), Value: math.NaN(), Variance: math.NaN()}
	below := m.sum(n)
	if !(below > 0) {
		return r
	}
	r.Value = m.sum(y) / below
	if r.Customers < 2 {
		return r
	}
	var e combination
	for i := range width {
		e[i] = y[i] - r.Value*n[i]
	}
	r.Variance = size / (size - 1) * m.square(&e) / (below * below)
	return r
}

// adjusted returns the two arms' ratios with covariates taken out (CUPED; Deng et al. 2013): coefficients of Y and of N by least
// squares on arm and covariates, pooled; then Y, N → minus (x − x̄)θ. The scales of Y and N are left in both ratios.
func adjusted(treated, control *moments) (t, c Ratio) {
	w := within(treated, control)
	y, n := combination{1: 1}, combination{2: 1}
	size := treated[0][0] + control[0][0]
	for i, of := range []*combination{&y, &n} {
		theta := slopes(&w, 1+i)
		for i, v := range theta {
			of[3+i] = -v
			of[0] += v * (treated[0][3+i] + control[0][3+i]) / size
		}
	}
	return treated.ratio(&y, &n), control.ratio(&y, &n)
}

// Adjusted compares two arms with the covariates taken out. Only X that was known before the start may be used: see [People].
func Adjusted(treated, control []Person, z float64) Effect {
	all := append(append(make([]Person, 0, len(treated)+len(control)), treated...), control...)
	Sort(all[:len(treated)])
	Sort(all[len(treated):])
	r := newRows(all)
	var t, c moments
	for i := range r.z {
		if i < len(treated) {
			t.add(&r.z[i])
		} else {
			c.add(&r.z[i])
		}
	}
	t.full()
	c.full()
	a, b := adjusted(&t, &c)
	return Compare(a, b, z)
}

// Plain compares two arms as they are.
func Plain(treated, control []Person, z float64) Effect {
	return Compare(RatioOf(treated), RatioOf(control), z)
}

// RatioOf is [NewRatio] of persons, whatever their order.
func RatioOf(people []Person) Ratio {
	people = append([]Person(nil), people...)
	Sort(people)
	y, n := make([]float64, len(people)), make([]float64, len(people))
	for i, p := range people {
		y[i], n[i] = p.Y, p.N
	}
	return NewRatio(y, n)
}
