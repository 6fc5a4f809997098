package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// choice shows how the number of segments was chosen: the rule's sentence, elbow and silhouette, every criterion.
func (l *layout) choice() (section, error) {
	s := section{ID: "choice", Title: "Number of segments"}
	t := l.Choice
	if t == nil {
		s.Blocks = append(s.Blocks, block{Text: "No model was trained in this run."})
		return s, nil
	}
	s.Blocks = append(s.Blocks, block{Text: sentence(t.Rule)})
	if l.Scores != nil && !t.Scored {
		s.Blocks = append(s.Blocks, block{Warning: fmt.Sprintf("This section describes the candidate, %s. The segments above come from the current model, %s.",
			brief(t.ModelID), brief(l.Scores.ModelID))})
	}
	for _, f := range t.Findings {
		s.Blocks = append(s.Blocks, block{Warning: capital(sentence(f))})
	}
	if len(t.Sweep) >= 2 {
		figures, err := sweepFigures(t)
		if err != nil {
			return s, err
		}
		s.Blocks = append(s.Blocks, block{Figures: figures})
	}
	if len(t.Sweep) > 0 {
		s.Blocks = append(s.Blocks, block{Table: sweepTable(t)}, block{Note: "Inertia is the sum of squared distances to the segment centres; it always falls " +
			"as k grows. Silhouette (−1 to 1) and Calinski–Harabasz: higher is better. Davies–Bouldin: lower is better. Prediction strength is how well one half " +
			"of the customers predicts the segments of the other; Jaccard is how well the least stable segment comes again in resamples; both are 1 at best. They often disagree."})
	}
	return s, nil
}

func sweepFigures(t *view.Choice) ([]figure, error) {
	n := len(t.Sweep)
	labels := make([]string, n)
	inertia, chord, silhouette := make([]float64, n), make([]float64, n), make([]float64, n)
	first, last := t.Sweep[0], t.Sweep[n-1]
	known := false
	for i, r := range t.Sweep {
		labels[i] = strconv.Itoa(r.K)
		inertia[i], silhouette[i] = r.Inertia, math.NaN()
		chord[i] = float64(r.Chord)
		if r.Silhouette != nil {
			silhouette[i], known = *r.Silhouette, true
		}
	}
	at := func(values []float64) curve {
		point := make([]float64, n)
		for i := range point {
			point[i] = math.NaN()
			if t.Sweep[i].Chosen {
				point[i] = values[i]
			}
		}
		return curve{name: "chosen: k = " + strconv.Itoa(t.K), values: point, colour: roleOther, big: true}
	}
	alt := fmt.Sprintf("Inertia falls from %s at k = %d to %s at k = %d; k = %d is chosen.", short(first.Inertia), first.K, short(last.Inertia), last.K, t.K)
	svg, err := lineChart(labels, "segments (k)", []curve{
		{name: "inertia", values: inertia, colour: roleFirst}, {name: "chord", values: chord, colour: roleAxis, bare: true}, at(inertia),
	}, axis{least: new(0.0), format: func(x float64) string {
		if x < 1000 {
			return short(x)
		}
		return large(x)
	}}, alt)
	if err != nil {
		return nil, err
	}
	figures := []figure{{Title: "Elbow", SVG: svg, Caption: "The elbow is the point of the curve farthest below the chord, the straight line between its ends."}}
	if !known {
		return figures, nil
	}
	alt = fmt.Sprintf("Silhouette by k from %d to %d; k = %d is chosen.", first.K, last.K, t.K)
	least, most := tenths(silhouette)
	svg, err = lineChart(labels, "segments (k)", []curve{{name: "silhouette", values: silhouette, colour: roleFirst}, at(silhouette)},
		axis{least: &least, most: &most, format: func(x float64) string { return decimal(x, 2) }}, alt)
	if err != nil {
		return nil, err
	}
	return append(figures, figure{Title: "Silhouette", SVG: svg, Caption: "How much closer customers are to their own segment than to the next one; 1 is best."}), nil
}

// tenths returns the range of the values that are drawn in whole tenths, with 0 in it.
func tenths(values []float64) (least, most float64) {
	most = 0.1
	for _, v := range values {
		if isDrawn(v) {
			least, most = min(least, math.Floor(v*10)/10), max(most, math.Ceil(v*10)/10)
		}
	}
	return least, most
}

func sweepTable(t *view.Choice) *grid {
	g := &grid{Caption: "Every k tried", Head: heads("k", "#Inertia", "#Silhouette", "#Davies–Bouldin", "#Calinski–Harabasz", "#Prediction strength", "#Worst Jaccard", "#Smallest share", "#Below the chord")}
	for _, r := range t.Sweep {
		k := name(strconv.Itoa(r.K))
		if r.Chosen {
			k.Note, k.Class = "chosen", "good"
		}
		g.Rows = append(g.Rows, []cell{k, number(short(r.Inertia)), number(optional(r.Silhouette)), number(optional(r.DaviesBouldin)),
			number(optional(r.CalinskiHarabasz)), number(strength(r.SweepResult)), number(optional(r.Jaccard)), number(share(r.SmallestShare)), number(decimal(r.Elbow, 3))})
	}
	return g
}

// strength writes a prediction strength with its standard error.
func strength(r contract.SweepResult) string {
	if r.Strength == nil || r.StrengthError == nil {
		return optional(r.Strength)
	}
	return decimal(*r.Strength, 3) + " ± " + decimal(*r.StrengthError, 3)
}
