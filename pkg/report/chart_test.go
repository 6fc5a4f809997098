package report

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A chart is drawn whatever the numbers: the library pads an axis for ever where its ends are too far or too near.
func TestAnyNumbersHaveAPicture(t *testing.T) {
	for _, v := range []float64{1e140, 1e300, math.MaxFloat64, math.Inf(1), math.NaN(), drawable, 5e-324} {
		draw(t, []float64{v, -v, v / 3})
		draw(t, []float64{v, v, v})
		draw(t, []float64{v})
	}
	magnitude := rapid.Custom(func(r *rapid.T) float64 {
		exponent := rapid.IntRange(-1074, 1023).Draw(r, "exponent")
		return math.Ldexp(rapid.Float64Range(-2, 2).Draw(r, "mantissa"), exponent)
	})
	number := rapid.OneOf(magnitude, rapid.Float64(), rapid.Float64Range(0, 1),
		rapid.SampledFrom([]float64{0, 1, math.Nextafter(1, 2), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64}))
	rapid.Check(t, func(r *rapid.T) {
		draw(r, rapid.SliceOfN(number, 1, 11).Draw(r, "values"))
	})
}

func draw(t interface {
	Helper()
	Fatalf(string, ...any)
}, values []float64,
) {
	t.Helper()
	labels, others := make([]string, len(values)), make([]float64, len(values))
	for i := range others {
		labels[i], others[i] = "k", float64(i)
	}
	least, most := tenths(values)
	for _, y := range []axis{{format: short}, {format: short, least: new(0.0)}, {format: short, least: &least, most: &most}} {
		line, err := lineChart(labels, "k", []curve{{name: "a", values: values}, {name: "b", values: others, big: true}}, y, "line")
		if err != nil || !strings.Contains(string(line), "</svg>") {
			t.Fatalf("line of %v: %v\n%s", values, err, line)
		}
	}
	for _, stacked := range []bool{false, true} {
		bar, err := barChart(labels, []bars{{name: "a", values: values, label: short}, {name: "b", values: others}}, stacked, "bars")
		if err != nil || !strings.Contains(string(bar), "</svg>") {
			t.Fatalf("bars of %v: %v\n%s", values, err, bar)
		}
	}
}
