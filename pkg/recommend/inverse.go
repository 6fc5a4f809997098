package recommend

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// The inverse is made by blocks of width columns; the update's kernel takes rows × columns entries at a time.
const (
	width   = 96
	rows    = 4
	columns = 8
)

// matrix is a symmetric matrix of n rows, row after row, all of it stored.
type matrix struct {
	n int
	v []float64
}

func newMatrix(n int) *matrix { return &matrix{n: n, v: make([]float64, n*n)} }

func (m *matrix) row(i int) []float64 { return m.v[i*m.n : (i+1)*m.n] }

// plus writes m + λI to dst, which may be m.
func (m *matrix) plus(dst *matrix, lambda float64) {
	copy(dst.v, m.v)
	for i := range m.n {
		dst.v[i*m.n+i] += lambda
	}
}

// invert replaces a symmetric positive definite matrix by its inverse, in n³/2 multiplications. It sweeps one diagonal block
// after the other (Beaton 1964; Goodnight, The American Statistician 33, 1979): with D the inverse of the block, by Cholesky's
// factorisation, and W the columns of the block, the rest becomes A − W·D·Wᵀ, the columns W·D, the block −D; after the last
// block the whole is the negative inverse. It reports false for a matrix that is not positive definite, with the matrix spoiled.
//
// Each entry is computed by one worker in one order: any number of workers gives the same bits.
func (m *matrix) invert(workers int) bool {
	n := m.n
	padded := (n + columns - 1) / columns * columns
	w := make([]float64, padded*width) // W in panels of columns, the inner index first
	s := make([]float64, padded*width) // W·D in panels of rows
	for k := 0; k < n; k += width {
		b := min(width, n-k)
		d, ok := inverseOfBlock(m, k, b)
		if !ok {
			return false
		}
		m.pack(w, s, d, k, b, workers)
		m.update(w, s, k, b, workers)
		for i := range b {
			for j := range i + 1 {
				m.v[(k+i)*n+k+j] = -d[i*b+j]
			}
		}
	}
	for i := range n {
		for j := range i + 1 {
			v := -m.v[i*n+j]
			m.v[i*n+j], m.v[j*n+i] = v, v
		}
	}
	return true
}

// pack gathers W from the lower triangle, computes W·D, stores it back, and lays both out for the kernel.
func (m *matrix) pack(w, s, d []float64, k, b, workers int) {
	n := m.n
	dp := make([]float64, (b+columns-1)/columns*columns*b) // D in panels of columns
	for t := range b {
		for q := range b {
			dp[q/columns*columns*b+t*columns+q%columns] = d[t*b+q]
		}
	}
	parallel(workers, (n+columns-1)/columns, func(panel int) {
		var line [width]float64
		var c [rows * columns]float64
		first := panel * columns
		a := s[first*b : (first+columns)*b] // W in panels of rows, before it is W·D
		for i := first; i < first+columns; i++ {
			clear(line[:b])
			switch {
			case i >= n || i >= k && i < k+b:
			case i >= k+b:
				copy(line[:b], m.v[i*n+k:i*n+k+b])
			default:
				for t := range b {
					line[t] = m.v[(k+t)*n+i]
				}
			}
			for t := range b {
				w[first*b+t*columns+i-first] = line[t]
				a[(i-first)/rows*rows*b+t*rows+i%rows] = line[t]
			}
		}
		var out [columns * width]float64
		for r := 0; r < columns; r += rows {
			for q := 0; q < b; q += columns {
				product(&c, a[r*b:], dp[q*b:], b)
				for i := range rows {
					copy(out[(r+i)*width+q:(r+i)*width+q+columns], c[i*columns:(i+1)*columns])
				}
			}
		}
		for i := first; i < first+columns; i++ {
			from := out[(i-first)*width : (i-first)*width+b]
			for t, v := range from {
				a[(i-first)/rows*rows*b+t*rows+i%rows] = v
			}
			switch {
			case i >= n || i >= k && i < k+b:
			case i >= k+b:
				copy(m.v[i*n+k:i*n+k+b], from)
			default:
				for t, v := range from {
					m.v[(k+t)*n+i] = v
				}
			}
		}
	})
}

// update subtracts W·D·Wᵀ from the lower triangle but the block's rows and columns.
func (m *matrix) update(w, s []float64, k, b, workers int) {
	n := m.n
	const (
		tile  = 8 * columns  // rows that a worker takes at a time
		ahead = 16 * columns // columns of W that stay in the cache for all of them
	)
	tiles := (n + tile - 1) / tile
	parallel(workers, tiles, func(t int) {
		t = tiles - 1 - t // the long rows first
		var c [rows * columns]float64
		last := min(n, (t+1)*tile)
		for from := 0; from < last; from += ahead {
			for i := max(t*tile, from/rows*rows); i < last; i += rows {
				for j := from; j < min(from+ahead, i+rows, last); j += columns {
					if i >= k && i+rows <= k+b || j >= k && j+columns <= k+b {
						continue
					}
					product(&c, s[i*b:], w[j*b:], b)
					m.subtract(&c, i, j, k, b)
				}
			}
		}
	})
}

// subtract takes one small product from where it belongs.
func (m *matrix) subtract(c *[rows * columns]float64, i, j, k, b int) {
	n := m.n
	whole := j+columns <= n && (k+b <= j || j+columns <= k)
	for r := i; r < min(i+rows, n); r++ {
		if r >= k && r < k+b {
			continue
		}
		from := c[(r-i)*columns : (r-i+1)*columns]
		if whole && j+columns <= r+1 {
			to, from := (*[columns]float64)(m.v[r*n+j:]), (*[columns]float64)(from)
			for q := range to {
				to[q] -= from[q]
			}
			continue
		}
		for q := j; q < min(j+columns, r+1); q++ {
			if q < k || q >= k+b {
				m.v[r*n+q] -= from[q-j]
			}
		}
	}
}

// kernel makes a small product: c = aᵀ·w, for b rows of a (rows wide) and of w (columns wide), b at least 1.
type kernel func(c *[rows * columns]float64, a, w []float64, b int)

var product = kernels[0]

// productGo is the kernel in plain Go, for b rows of a (rows wide) and of w (columns wide). No multiplication is
// fused with an addition, so that every kernel gives the same bits.
func productGo(c *[rows * columns]float64, a, w []float64, b int) {
	*c = [rows * columns]float64{}
	for t := range b {
		y := (*[columns]float64)(w[t*columns:])
		for r, x := range a[t*rows : t*rows+rows] {
			z := c[r*columns : r*columns+columns]
			for q := range z {
				z[q] += float64(x * y[q])
			}
		}
	}
}

// inverseOfBlock returns the inverse of the diagonal block of b rows from k on, of which the lower triangle is read.
func inverseOfBlock(m *matrix, k, b int) ([]float64, bool) {
	l, n := make([]float64, b*b), m.n
	for i := range b {
		for j := range i + 1 {
			sum := m.v[(k+i)*n+k+j]
			for t := range j {
				sum -= float64(l[i*b+t] * l[j*b+t])
			}
			if i > j {
				l[i*b+j] = sum / l[j*b+j]
				continue
			}
			if !(sum > 0) {
				return nil, false
			}
			l[i*b+i] = math.Sqrt(sum)
		}
	}
	for j := range b { // L⁻¹ in place, column by column
		l[j*b+j] = 1 / l[j*b+j]
		for i := j + 1; i < b; i++ {
			sum := 0.0
			for t := j; t < i; t++ {
				sum += float64(l[i*b+t] * l[t*b+j])
			}
			l[i*b+j] = -sum / l[i*b+i]
		}
	}
	d := make([]float64, b*b)
	for i := range b {
		for j := range i + 1 {
			sum := 0.0
			for t := i; t < b; t++ {
				sum += float64(l[t*b+i] * l[t*b+j])
			}
			d[i*b+j], d[j*b+i] = sum, sum
		}
	}
	return d, true
}

// parallel calls do for 0 … n−1, each once, by so many workers.
func parallel(workers, n int, do func(i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
				runtime.Gosched() // before the runtime interrupts with a signal, which some sandboxes make dear
			}
		})
	}
	group.Wait()
}

// workersOf is how many workers n asks for; 0 is as many as the program may keep busy.
func workersOf(n int) int {
	if n > 0 {
		return n
	}
	return max(1, runtime.GOMAXPROCS(0))
}
