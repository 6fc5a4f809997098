package space

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Transform is what happens to a value before it is scaled.
type Transform string

// The transforms.
const (
	Identity Transform = "identity" // also written none
	Ln       Transform = "ln"       // natural logarithm, for values above 0
	Log1p    Transform = "log1p"    // ln(1 + v), for values above −1
)

// Impute says what stands in for a null (NaN). The zero value refuses nulls: nobody gets a made-up value unless a
// configuration says so.
type Impute struct {
	Median bool    // the median of the training values that are not null
	Value  float64 // otherwise this, in the feature's own unit, if Given
	Given  bool
}

// Spec asks for one axis of the space: a feature, its transform, what stands in for its nulls, and its scaling.
type Spec struct {
	Feature   string
	Transform Transform
	Impute    Impute
	Scaling   Scaling // "": ZScore
}

func (s Spec) scaling() Scaling {
	if s.Scaling == "" {
		return ZScore
	}
	return s.Scaling
}

// MarshalText writes the axis as [ParseSpecs] reads it.
func (s Spec) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Spec) UnmarshalText(text []byte) (err error) {
	*s, err = parseSpec(string(text))
	return err
}

// Default is the space of the definitions: recency as it is, frequency and monetary by their logarithm.
func Default() []Spec {
	return []Spec{
		{Feature: "recency", Transform: Identity},
		{Feature: "frequency", Transform: Ln},
		{Feature: "monetary", Transform: Ln},
	}
}

// ParseSpecs reads a space written as "recency,frequency:ln,gap_mean:log1p:median:robust": features separated by commas, each
// with an optional transform (none, ln, log1p, winsor=<quantile>), imputation (median or a number) and scaling (z, robust,
// minmax), in any order. It refuses a feature named twice.
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
	s := Spec{Feature: parts[0]}
	if s.Feature == "" {
		return s, fmt.Errorf("a feature has no name")
	}
	for _, part := range parts[1:] {
		if err := s.take(part); err != nil {
			return s, fmt.Errorf("feature %s: %w", s.Feature, err)
		}
	}
	if s.Transform == "" {
		s.Transform = Identity
	}
	if s.Scaling == ZScore {
		s.Scaling = "" // one spelling of one space
	}
	return s, nil
}

// take reads one part of an axis: a transform, an imputation or a scaling.
func (s *Spec) take(part string) error {
	twice := func(set bool, what string) error {
		if set {
			return fmt.Errorf("%q is a second %s", part, what)
		}
		return nil
	}
	imputed := s.Impute.Median || s.Impute.Given
	if part == "none" {
		part = string(Identity)
	}
	t := Transform(part)
	v, number := strconv.ParseFloat(part, 64)
	switch {
	case slices.Contains([]Transform{Identity, Ln, Log1p}, t):
		err := twice(s.Transform != "", "transform")
		s.Transform = t
		return err
	case t.isWinsor():
		err := twice(s.Transform != "", "transform")
		s.Transform = t
		if err == nil {
			_, err = t.quantile()
		}
		return err
	case Scaling(part).known():
		err := twice(s.Scaling != "", "scaling")
		s.Scaling = Scaling(part)
		return err
	case part == "median":
		s.Impute = Impute{Median: true}
		return twice(imputed, "imputation")
	case number == nil && !math.IsNaN(v) && !math.IsInf(v, 0):
		s.Impute = Impute{Value: v, Given: true}
		return twice(imputed, "imputation")
	}
	return fmt.Errorf("%q, want a transform (none, ln, log1p, winsor=<quantile>), an imputation (median or a number) or a scaling (z, robust, minmax)", part)
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
	if s.scaling() != ZScore {
		text += ":" + string(s.Scaling)
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
	if t.isWinsor() {
		_, err := t.quantile()
		return v, err
	}
	return 0, fmt.Errorf("transform %q, want none, ln, log1p or winsor=<quantile>", string(t))
}
