package warehouse

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"cloud.google.com/go/bigquery"

	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/space"
)

// nearestName is the function of a model, by the beginning of its id.
func nearestName(modelID string) string { return "nearest_" + modelID[:min(12, len(modelID))] }

// nearestCurrent is the function of the model that scored the latest as-of date.
const nearestCurrent = "nearest_current"

// nearest returns a function of a model: the id of the segment whose centroid is nearest to a customer with these features, of
// equal ones the first, and null where [model.Bundle.Assign] refuses a value. Transforms and centroids are literals that parse to
// the very numbers of the model, and sums run in Assign's order, so that only a logarithm can differ, in its last bit.
func nearest(b *model.Bundle) *bigquery.RoutineMetadata {
	m := &b.Model
	args := make([]*bigquery.RoutineArgument, len(m.Space.Axes))
	raw := make([]string, len(args))
	scaled := make([]string, len(args))
	for i, a := range m.Space.Axes {
		args[i] = &bigquery.RoutineArgument{Name: a.Feature, DataType: &bigquery.StandardSQLDataType{TypeKind: "FLOAT64"}}
		raw[i] = fmt.Sprintf("%s AS v%d", given(a), i)
		scaled[i] = fmt.Sprintf("(%s - %s) / %s AS z%d", transformed(a, fmt.Sprintf("v%d", i)), number(a.Center), number(a.Scale), i)
	}
	from := "(SELECT " + strings.Join(scaled, ", ") + " FROM (SELECT " + strings.Join(raw, ", ") + "))"
	if p := m.Space.PCA; p != nil {
		turned := make([]string, len(p.Components))
		for j, weights := range p.Components {
			sum := "0e0"
			for i, w := range weights {
				sum += fmt.Sprintf(" + %s * (z%d - %s)", number(w), i, number(p.Mean[i]))
			}
			turned[j] = fmt.Sprintf("%s AS p%d", sum, j)
		}
		from = "(SELECT " + strings.Join(turned, ", ") + " FROM " + from + ")"
	}
	coordinate := "z"
	if m.Space.PCA != nil {
		coordinate = "p"
	}
	squares := make([]string, m.K())
	distances := make([]string, m.K())
	var choice strings.Builder
	for k, centroid := range m.Centroids {
		terms := make([]string, len(centroid))
		for i, c := range centroid {
			terms[i] = fmt.Sprintf("(%s%d - %s) * (%[1]s%[2]d - %[3]s)", coordinate, i, number(c))
		}
		squares[k] = fmt.Sprintf("%s AS d%d", strings.Join(terms, " + "), k)
		distances[k] = fmt.Sprintf("d%d", k)
		fmt.Fprintf(&choice, " WHEN d%d THEN %s", k, quoted(b.Manifest.Segments[k].ID))
	}
	return &bigquery.RoutineMetadata{
		Type: bigquery.ScalarFunctionRoutine, Language: "SQL", Arguments: args, ReturnType: &bigquery.StandardSQLDataType{TypeKind: "STRING"},
		Body: fmt.Sprintf("(SELECT CASE LEAST(%s)%s END\nFROM (SELECT %s\nFROM %s))", strings.Join(distances, ", "), choice.String(), strings.Join(squares, ", "), from),
		Description: "Id of the segment whose centre is nearest, by model " + b.Manifest.ModelID + ". Null where a value cannot be placed. It answers: " +
			"In which segment is a customer who bought since the last run?",
	}
}

// routines makes the function of the model, and nearest_current where no later as-of date is published. Each replaces what is
// there in one request.
func (w *Warehouse) routines(ctx context.Context, p Publication) error {
	f := nearest(p.Model)
	names := []string{nearestName(p.ModelID)}
	newest, err := w.newest(ctx, p)
	if err != nil {
		return err
	}
	if newest {
		names = append(names, nearestCurrent)
	}
	for _, name := range names {
		if err := w.routine(ctx, name, f); err != nil {
			return w.explain(err, name)
		}
	}
	return nil
}

// routine makes or replaces a function.
func (w *Warehouse) routine(ctx context.Context, name string, f *bigquery.RoutineMetadata) error {
	ctx, cancel := w.patient(ctx, 0)
	defer cancel()
	r := w.client.Dataset(w.datasetID).Routine(name)
	err := r.Create(ctx, f)
	if status(err) != http.StatusConflict {
		return err
	}
	_, err = r.Update(ctx, &bigquery.RoutineMetadataToUpdate{
		Type: f.Type, Language: f.Language, Arguments: f.Arguments, ReturnType: f.ReturnType, Body: f.Body, Description: f.Description}, "")
	return err
}

// newest reports whether no later as-of date than the publication's is published.
func (w *Warehouse) newest(ctx context.Context, p Publication) (bool, error) {
	q := w.client.Query(fmt.Sprintf("SELECT COUNT(*) FROM `%s.%s` WHERE as_of > DATE %s", w.dataset, publicationsName, quoted(p.AsOf.String())))
	q.Location, q.Labels, q.MaxBytesBilled = w.opts.Location, w.labelled("publish", p.Run), w.opts.MaxBytesBilled
	ctx, cancel := w.patient(ctx, 0)
	defer cancel()
	rows, err := w.rows(ctx, q, publicationsName)
	if err != nil {
		return false, err
	}
	var later []bigquery.Value
	if err := rows.Next(&later); err != nil {
		return false, w.explain(err, publicationsName)
	}
	return later[0] == int64(0), nil
}

// given is an axis's value with what stands in for null, which a number that is none counts as, and null for an infinite one.
func given(a space.Axis) string {
	missing := "NULL"
	if a.Impute != nil {
		missing = number(*a.Impute)
	}
	return fmt.Sprintf("IF(`%s` IS NULL OR IS_NAN(`%[1]s`), %s, IF(IS_INF(`%[1]s`), NULL, `%[1]s`))", a.Feature, missing)
}

// transformed is the transformed value of v, null where the transform does not take it.
func transformed(a space.Axis, v string) string {
	switch {
	case a.Transform == space.Ln:
		return fmt.Sprintf("IF(%s > 0, LN(%[1]s), NULL)", v)
	case a.Transform == space.Log1p:
		return fmt.Sprintf("IF(%s > -1, LN(1 + %[1]s), NULL)", v)
	case a.Low != nil && a.High != nil:
		return fmt.Sprintf("LEAST(GREATEST(%s, %s), %s)", v, number(*a.Low), number(*a.High))
	}
	return v
}

// number returns a literal of type FLOAT64 that parses to exactly that number.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'e', -1, 64)
	if v < 0 {
		return "(" + s + ")"
	}
	return s
}
