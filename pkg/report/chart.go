package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/go-analyze/charts"
)

// Charts are drawn by go-analyze/charts as SVG. Its colours are fixed when a chart is drawn, so every part of a chart gets a
// colour that stands for a role, and the role's CSS variable takes its place afterwards: one picture for light, dark and
// paper. Text is left to the page's font.

const (
	chartWidth = 480 // units; a phone shows 0.8 of it, so that text stays readable
	fontPoints = 9.5
)

// Roles of colours. The numbers mean nothing; none is a colour that the library has a name for.
var (
	roleText  = charts.Color{R: 1, G: 2, B: 1, A: 255}
	roleAxis  = charts.Color{R: 1, G: 2, B: 2, A: 255}
	roleGrid  = charts.Color{R: 1, G: 2, B: 3, A: 255}
	rolePaper = charts.Color{R: 1, G: 2, B: 4, A: 255}
	roleFirst = charts.Color{R: 1, G: 2, B: 5, A: 255}
	roleOther = charts.Color{R: 1, G: 2, B: 6, A: 255}
	roleClear = charts.Color{R: 1, G: 2, B: 7, A: 255}
)

var roles = strings.NewReplacer(
	roleText.String(), "var(--ink)",
	roleAxis.String(), "var(--soft)",
	roleGrid.String(), "var(--line)",
	rolePaper.String(), "var(--paper)",
	roleFirst.String(), "var(--first)",
	roleOther.String(), "var(--other)",
	roleClear.String(), "none",
	"font-size:"+sized(fontPoints), "font-size:11.6px",
	"font-size:"+sized(fontPoints+1), "font-size:12.8px",
	"font-family:'Roboto Medium',sans-serif", "font-family:inherit",
	"\n", " ",
)

// sized is how the library writes a font's size: it counts 96 units an inch. Its charts leave room for the letters of Roboto;
// the page's font may be wider, so it is shown a little smaller than the room.
func sized(points float64) string {
	return strconv.FormatFloat(math.Round(points*96/72*10)/10, 'f', -1, 64) + "px"
}

func theme(series ...charts.Color) charts.ColorPalette {
	return charts.MakeTheme(charts.ThemeOption{
		AxisStrokeColor: roleAxis, AxisSplitLineColor: roleGrid, BackgroundColor: rolePaper, TextColor: roleText,
		LegendBorderColor: roleClear, TitleBorderColor: roleClear, SeriesColors: series,
	})
}

func newPainter(height int, palette charts.ColorPalette) *charts.Painter {
	return charts.NewPainter(charts.PainterOptions{
		OutputFormat: charts.ChartOutputSVG, Width: chartWidth, Height: height, Theme: palette,
	})
}

// inline makes a drawn chart part of the page: alt is what those who do not see it are told.
func inline(p *charts.Painter, height int, alt string) (template.HTML, error) {
	drawn, err := p.Bytes()
	if err != nil {
		return "", fmt.Errorf("draw chart: %w", err)
	}
	_, body, found := strings.Cut(string(drawn), ">")
	if !found {
		return "", fmt.Errorf("draw chart: no svg in %d bytes", len(drawn))
	}
	head := fmt.Sprintf(`<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, height, template.HTMLEscapeString(alt))
	return template.HTML(head + roles.Replace(body)), nil
}

// The library hands a label's formatter the index of the series, not of the value (v0.6.4, though its documentation says
// otherwise). So labels here are functions of the value alone, and what needs a label of its own is a series of its own.

// curve is a line of a line chart.
type curve struct {
	name   string
	values []float64 // NaN leaves a gap
	colour charts.Color
	bare   bool // no dots to speak of
	big    bool // large dots
}

// axis is the range of a value axis and how its numbers are written.
type axis struct {
	least, most *float64 // nil leaves it to the library
	format      func(float64) string
}

// drawable is the largest value of a picture, far above any shop's. The library pads an axis for ever where the ends overflow
// on the way; the table beside the picture shows every value.
const drawable = 1e15

// isDrawn tells whether v has a point in a line chart.
func isDrawn(v float64) bool { return math.Abs(v) <= drawable }

// lineChart draws curves over the labels.
func lineChart(labels []string, xTitle string, curves []curve, y axis, alt string) (template.HTML, error) {
	const height = 280
	values, names, colours := make([][]float64, len(curves)), make([]string, len(curves)), make([]charts.Color, len(curves))
	for i, c := range curves {
		names[i], colours[i] = c.name, c.colour
		values[i] = make([]float64, len(c.values))
		for j, v := range c.values {
			values[i][j] = v
			if !isDrawn(v) {
				values[i][j] = charts.GetNullValue()
			}
		}
	}
	palette, font := theme(colours...), charts.FontStyle{FontSize: fontPoints}
	opt := charts.NewLineChartOptionWithData(values)
	opt.Theme, opt.ValueFormatter = palette, y.format
	opt.Padding = charts.NewBox(6, 6, 24, 4)
	opt.XAxis.Labels, opt.XAxis.Title = labels, xTitle
	opt.XAxis.LabelFontStyle, opt.XAxis.TitleFontStyle = font, font
	opt.YAxis = []charts.YAxisOption{{LabelFontStyle: font, Min: y.least, Max: y.most}}
	opt.Legend = charts.LegendOption{SeriesNames: names, FontStyle: font}
	for i, c := range curves {
		opt.SeriesList[i].Symbol = charts.Symbol{Shape: charts.SymbolDot}
		if c.bare {
			opt.SeriesList[i].Symbol.Size = 0.5 // without any, the legend has no key
		}
		if c.big {
			opt.SeriesList[i].Symbol.Size = 5
		}
	}
	p := newPainter(height, palette)
	if err := p.LineChart(opt); err != nil {
		return "", fmt.Errorf("draw chart: %w", err)
	}
	return inline(p, height, alt)
}

// bars is a series of a bar chart.
type bars struct {
	name   string // "" is not in the legend
	values []float64
	colour charts.Color
	label  func(float64) string // at the bar's end; nil for none
}

// barChart draws horizontal bars from 0, the first category on top. Stacked series follow each other on one bar, others are side by
// side. There is no value axis: the bars have their numbers.
func barChart(categories []string, series []bars, stacked bool, alt string) (template.HTML, error) {
	height := 44 + len(categories)*(10+16*len(series))
	if stacked {
		height = 44 + len(categories)*26
	}
	n := len(categories)
	upside := make([]string, n) // the library draws from the bottom up
	for j := range categories {
		upside[n-1-j] = clip(categories[j])
	}
	values, names, colours := make([][]float64, len(series)), make([]string, len(series)), make([]charts.Color, len(series))
	for i, s := range series {
		values[i], names[i], colours[i] = make([]float64, n), s.name, s.colour
		for j, v := range s.values {
			values[i][n-1-j] = max(-drawable, min(v, drawable))
		}
	}
	palette, font := theme(colours...), charts.FontStyle{FontSize: fontPoints}
	opt := charts.NewBarChartOptionWithData(values)
	opt.Horizontal, opt.StackSeries, opt.Theme = true, charts.Ptr(stacked), palette
	opt.Padding = charts.NewBox(6, 6, 62, 4)
	opt.CategoryAxis.Labels, opt.CategoryAxis.LabelFontStyle = upside, font
	most := longest(values, stacked)
	opt.ValueAxis = []charts.ValueAxisOption{{Show: charts.Ptr(false), Min: charts.Ptr(0.0), Max: &most}}
	opt.Legend = charts.LegendOption{SeriesNames: names, FontStyle: font}
	for i, s := range series {
		if s.label == nil {
			continue
		}
		opt.SeriesList[i].Label = charts.SeriesLabel{
			Show: charts.Ptr(true), FontStyle: charts.FontStyle{FontSize: fontPoints, FontColor: roleText},
			LabelFormatter: func(_ int, _ string, v float64) (string, *charts.LabelStyle) { return s.label(v), nil },
		}
	}
	p := newPainter(height, palette)
	if err := p.BarChart(opt); err != nil {
		return "", fmt.Errorf("draw chart: %w", err)
	}
	return inline(p, height, alt)
}

// longest returns the length of the longest bar, or 1 where all are empty.
func longest(values [][]float64, stacked bool) float64 {
	most := 0.0
	for j := range values[0] {
		sum := 0.0
		for _, v := range values {
			if !stacked {
				sum = 0
			}
			sum += v[j]
			most = max(most, sum)
		}
	}
	if most == 0 {
		return 1
	}
	return most
}

// clip keeps a category's name from pushing the bars aside.
func clip(s string) string {
	const most = 24
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
