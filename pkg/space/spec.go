package space

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Transform is what happens to a value before it is scaled.
type Transform string

// The transforms.
const (
	Identity Transform = "identity"
	Ln       Transform = "ln"    // natural logarithm, for values above 0
	Log1p    Transform = "log1p" // ln(1 + v), for values above −1
)

// Impute says what stands in for a null (NaN). The zero value refuses nulls: nobody gets a made-up value unless a
// configuration says so.
type Impute struct {
	Median bool    // the median of the training values that are not null
	Value  float64 // otherwise this, in the feature's own unit, if Given
	Given  bool
}

// Spec asks for one axis of the space: a feature, its transform, and what stands in for its nulls.
type Spec struct {
	Feature   string
	Transform Transform
	Impute    Impute
}

// Default is the space of the definitions: recency as it is, frequency and monetary by their logarithm.
func Default() []Spec {
	return []Spec{
		{Feature: "recency", Transform: Identity},
		{Feature: "frequency", Transform: Ln},
		{Feature: "monetary", Transform: Ln},
	}
}

// ParseSpecs reads a space written as "recency,frequency:ln,gap_mean:log1p:median": features separated by commas, each
// with an optional transform (identity, ln, log1p) and an optional imputation (median or a number). It refuses a feature
// named twice.
func ParseSpecs(text string) ([]Spec, error) {
	var specs []Spec
	seen := map[string]bool{}
	for item := range strings.SplitSeq(text, ",") {
		s, err := parseSpec(strings.TrimSpace(item))
		if err != nil {
			return nil, fmt.Errorf("parse space %q: %w", text, err)
		}
		if seen[s.Feature] {
			return nil, fmt.Errorf("parse space %q: feature %s is named twice", text, s.Feature)
		}
		seen[s.Feature] = true
		specs = append(specs, s)
	}
	return specs, nil
}

func parseSpec(item string) (Spec, error) {
	parts := strings.Split(item, ":")
	s := Spec{Feature: parts[0], Transform: Identity}
	if s.Feature == "" {
		return s, fmt.Errorf("a feature has no name")
	}
	if len(parts) > 3 {
		return s, fmt.Errorf("feature %s has %d parts, want feature:transform:imputation", s.Feature, len(parts))
	}
	if len(parts) > 1 {
		s.Transform = Transform(parts[1])
		if _, err := s.Transform.apply(1); err != nil {
			return s, fmt.Errorf("feature %s: %w", s.Feature, err)
		}
	}
	if len(parts) > 2 {
		if parts[2] == "median" {
			s.Impute = Impute{Median: true}
			return s, nil
		}
		v, err := strconv.ParseFloat(parts[2], 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return s, fmt.Errorf("feature %s: imputation %q, want median or a number", s.Feature, parts[2])
		}
		s.Impute = Impute{Value: v, Given: true}
	}
	return s, nil
}

// String writes the axis as [ParseSpecs] reads it.
func (s Spec) String() string {
	text := s.Feature + ":" + string(s.Transform)
	switch {
	case s.Impute.Median:
		text += ":median"
	case s.Impute.Given:
		text += ":" + strconv.FormatFloat(s.Impute.Value, 'g', -1, 64)
	}
	return text
}

// apply returns the transformed value. Its error says what is wrong with v, or that there is no such transform.
func (t Transform) apply(v float64) (float64, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, errNotFinite
	}
	switch t {
	case Identity:
		return v, nil
	case Ln:
		if v <= 0 {
			return 0, errLn
		}
		return math.Log(v), nil
	case Log1p:
		if v <= -1 {
			return 0, errLog1p
		}
		return math.Log1p(v), nil
	}
	return 0, fmt.Errorf("transform %q, want identity, ln or log1p", string(t))
}
