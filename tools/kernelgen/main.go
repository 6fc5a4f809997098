// Kernelgen writes the assembly of package kernel. tools/kernels.sh calls it; a test holds what it writes against what is there.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tier is an instruction set: its registers, and the instructions whose names differ.
type tier struct {
	name   string
	width  int // bytes of a register
	vector func() reg.VecVirtual
	zero   func(reg.VecVirtual)
}

var tiers = []tier{
	{"AVX2", 32, func() reg.VecVirtual { return YMM() }, func(r reg.VecVirtual) { VXORPD(r, r, r) }},
	{"AVX512", 64, func() reg.VecVirtual { return ZMM() }, func(r reg.VecVirtual) { VPXORQ(r, r, r) }},
}

func main() {
	ConstraintExpr("!purego")
	one := GLOBL("one", attr.RODATA|attr.NOPTR)
	DATA(0, U64(1))
	infinity := GLOBL("infinity", attr.RODATA|attr.NOPTR)
	DATA(0, U64(0x7FF0000000000000))
	for _, t := range tiers {
		t.nearest(one, infinity)
		t.distances()
	}
	Generate()
}

// together is how many centroids a point is held against at once: enough sums in flight to hide how long an addition takes, and few
// enough for sixteen registers.
const together = 4

// squared adds up the squared distances of two registers of points, whose first coordinates are at x, to each of n points, rows from c
// on, coordinate by coordinate: every product is rounded before it is added, as in plain Go. It leaves c where it was.
func (t tier) squared(label string, n int, x, c, stride, dims, row reg.Register) [][2]reg.VecVirtual {
	sums := make([][2]reg.VecVirtual, n)
	for i := range sums {
		sums[i] = [2]reg.VecVirtual{t.vector(), t.vector()}
		t.zero(sums[i][0])
		t.zero(sums[i][1])
	}
	at, left, value, d := GP64(), GP64(), t.vector(), t.vector()
	rows := []Mem{{Base: GP64()}}
	MOVQ(c, rows[0].Base)
	if n > 1 {
		rows = append(rows, rows[0].Idx(row, 1), rows[0].Idx(row, 2), Mem{Base: GP64()})
		LEAQ(rows[2], rows[3].Base)
		ADDQ(row, rows[3].Base)
	}
	MOVQ(x, at)
	MOVQ(dims, left)
	Label(label)
	for j, sum := range sums {
		VBROADCASTSD(rows[j], value)
		for i, s := range sum {
			VSUBPD(Mem{Base: at, Disp: i * t.width}, value, d)
			VMULPD(d, d, d)
			VADDPD(d, s, s)
		}
	}
	ADDQ(stride, at)
	ADDQ(Imm(8), rows[0].Base)
	if n > 1 {
		ADDQ(Imm(8), rows[3].Base)
	}
	DECQ(left)
	JNZ(LabelRef(label))
	return sums
}

// eachGroup goes through k points, rows from c on, [together] at a time and the rest one by one.
func eachGroup(label string, k, c, row reg.Register, body func(label string, n int)) {
	left := GP64()
	MOVQ(k, left)
	for _, n := range []int{together, 1} {
		of := fmt.Sprint(label, n)
		CMPQ(left, Imm(uint64(n)))
		JL(LabelRef(of + "end"))
		Label(of)
		body(of, n)
		for range n {
			ADDQ(row, c)
		}
		SUBQ(Imm(uint64(n)), left)
		CMPQ(left, Imm(uint64(n)))
		JGE(LabelRef(of))
		Label(of + "end")
	}
}

// nearest goes through the points two registers at a time, and for them through the centroids.
func (t tier) nearest(one, infinity Mem) {
	name := "nearest" + t.name
	TEXT(name, NOSPLIT, "func(tile *float64, stride, n, dims int, centroids *float64, k int, best *float64, index *int64)")
	Pragma("noescape")
	x, stride, n, dims := Load(Param("tile"), GP64()), Load(Param("stride"), GP64()), Load(Param("n"), GP64()), Load(Param("dims"), GP64())
	centroids, k := Load(Param("centroids"), GP64()), Load(Param("k"), GP64())
	best, index := Load(Param("best"), GP64()), Load(Param("index"), GP64())
	SHLQ(Imm(3), stride)
	row := GP64()
	MOVQ(dims, row)
	SHLQ(Imm(3), row)
	step := t.vector()
	VPBROADCASTQ(one, step)
	Label(name + "points")
	{
		c, number := GP64(), t.vector()
		MOVQ(centroids, c)
		t.zero(number)
		var least, at [2]reg.VecVirtual
		for i := range least {
			least[i], at[i] = t.vector(), t.vector()
			VBROADCASTSD(infinity, least[i])
			t.zero(at[i])
		}
		eachGroup(name+"centroids", k, c, row, func(label string, n int) {
			for _, s := range t.squared(label+"dims", n, x, c, stride, dims, row) {
				for i := range s {
					t.keepLower(s[i], number, least[i], at[i])
				}
				VPADDQ(step, number, number)
			}
		})
		for i := range least {
			VMOVUPD(least[i], Mem{Base: best, Disp: i * t.width})
			VMOVUPD(at[i], Mem{Base: index, Disp: i * t.width})
		}
	}
	ADDQ(Imm(uint64(2*t.width)), x)
	ADDQ(Imm(uint64(2*t.width)), best)
	ADDQ(Imm(uint64(2*t.width)), index)
	SUBQ(Imm(uint64(2*t.width/8)), n)
	JNZ(LabelRef(name + "points"))
	VZEROUPPER()
	RET()
}

// keepLower takes a distance and its number where it is strictly below the least one so far.
func (t tier) keepLower(s, number, least, at reg.VecVirtual) {
	const below = 0x11 // s < least, quiet
	if t.width == 64 {
		mask := K()
		VCMPPD(Imm(below), least, s, mask)
		VMOVAPD(s, mask, least)
		VMOVDQA64(number, mask, at)
		return
	}
	mask := t.vector()
	VCMPPD(Imm(below), least, s, mask)
	VBLENDVPD(mask, s, least, least)
	VBLENDVPD(mask, number, at, at)
}

// distances adds to each of two registers of points its distances to n others, one after the other.
func (t tier) distances() {
	name := "distances" + t.name
	TEXT(name, NOSPLIT, "func(tile *float64, stride, dims int, others *float64, n int, sums *float64)")
	Pragma("noescape")
	x, stride, dims := Load(Param("tile"), GP64()), Load(Param("stride"), GP64()), Load(Param("dims"), GP64())
	c, n, sums := Load(Param("others"), GP64()), Load(Param("n"), GP64()), Load(Param("sums"), GP64())
	SHLQ(Imm(3), stride)
	row := GP64()
	MOVQ(dims, row)
	SHLQ(Imm(3), row)
	total := [2]reg.VecVirtual{t.vector(), t.vector()}
	t.zero(total[0])
	t.zero(total[1])
	eachGroup(name+"others", n, c, row, func(label string, n int) {
		for _, s := range t.squared(label+"dims", n, x, c, stride, dims, row) {
			for i := range s {
				VSQRTPD(s[i], s[i])
				VADDPD(s[i], total[i], total[i])
			}
		}
	})
	for i := range total {
		VMOVUPD(total[i], Mem{Base: sums, Disp: i * t.width})
	}
	VZEROUPPER()
	RET()
}
