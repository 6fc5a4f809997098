package assets_test

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/clientele/clientele/pkg/report/assets"
)

type rgb [3]float64 // linear light

func colour(t *testing.T, hex string) (c rgb) {
	t.Helper()
	for i := range c {
		v, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		if c[i] = float64(v) / 255; c[i] <= .04045 {
			c[i] /= 12.92
		} else {
			c[i] = math.Pow((c[i]+.055)/1.055, 2.4)
		}
	}
	return c
}

func (c rgb) times(m [3]rgb) (out rgb) {
	for i, row := range m {
		out[i] = row[0]*c[0] + row[1]*c[1] + row[2]*c[2]
	}
	return out
}

// sights are how colours are seen: as they are, and without red, green and blue cones, by Machado, Oliveira and Fernandes (2009),
// "A Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.
var sights = map[string][3]rgb{
	"all":      {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"no red":   {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}},
	"no green": {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
	"no blue":  {{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}},
}

// seen is a colour as seen, in OKLab: Ottosson (2020), "A perceptual color space for image processing".
func (c rgb) seen(sight [3]rgb) rgb {
	s := c.times(sight)
	for i := range s {
		s[i] = min(1, max(0, s[i]))
	}
	s = s.times([3]rgb{{.4122214708, .5363325363, .0514459929}, {.2119034982, .6806995451, .1073969566}, {.0883024619, .2817188376, .6299787005}})
	for i := range s {
		s[i] = math.Cbrt(s[i])
	}
	return s.times([3]rgb{{.2104542553, .7936177850, -.0040720468}, {1.9779984951, -2.4285922050, .4505937099}, {.0259040371, .7827717662, -.8086757660}})
}

// contrast is WCAG 2.2's contrast ratio.
func contrast(a, b rgb) float64 {
	y := func(c rgb) float64 { return .2126*c[0] + .7152*c[1] + .0722*c[2] }
	return (max(y(a), y(b)) + .05) / (min(y(a), y(b)) + .05)
}

// themes returns the colours of a token in light and dark.
func themes(t *testing.T, token string) [2]rgb {
	t.Helper()
	m := regexp.MustCompile(`--` + token + `: light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\)`).FindStringSubmatch(assets.CSS)
	if m == nil {
		t.Fatalf("no colours of %s", token)
	}
	return [2]rgb{colour(t, m[1]), colour(t, m[2])}
}

// Segments are told apart by whoever sees them, and stand out from what is behind them. The first four are the usual number.
func TestSegmentColours(t *testing.T) {
	var segments [10][2]rgb
	for i := range segments {
		segments[i] = themes(t, "seg-"+strconv.Itoa(i))
	}
	for theme, name := range []string{"light", "dark"} {
		for i, a := range segments {
			for _, behind := range []string{"bg", "surface", "sunk"} {
				if c := contrast(a[theme], themes(t, behind)[theme]); c < 3 {
					t.Errorf("%s: segment %d has a contrast of %.2f on %s, want 3 or more (WCAG 2.2, 1.4.11)", name, i, c, behind)
				}
			}
			for j, b := range segments[:i] {
				want := leastOfTen[theme]
				if i < 4 {
					want = [2]float64{.129, .119}[theme]
				}
				for sight, m := range sights {
					x, y := a[theme].seen(m), b[theme].seen(m)
					if d := math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2]); d < want-5e-4 {
						t.Errorf("%s, seen with %s: segments %d and %d are %.4f apart in OKLab, want %.3f or more", name, sight, j, i, d, want)
					}
				}
			}
		}
	}
}

// leastOfTen is the least distance between any two of ten segments, in light and dark: what a search found.
var leastOfTen = [2]float64{.1, .1}
