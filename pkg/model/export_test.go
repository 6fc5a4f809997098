package model

import "github.com/clientele/clientele/pkg/contract"

// AsVersion1 returns the model as version 1 wrote it, with its fit_id.
func AsVersion1(m Model) (text []byte, fitID string, err error) {
	old := modelV1{
		Version: 1, Prepared: m.Prepared, Schema: m.Schema, Centroids: m.Centroids,
		Grid:       gridV1{m.Grid.Recency, m.Grid.Frequency, m.Grid.Monetary},
		Parameters: map[string]any{"k": m.Recipe.K}, Seed: m.Recipe.Seed,
		Customers: contentV1(m.Customers), Reference: contentV1(m.Reference), Golden: contentV1(m.Golden),
	}
	for _, f := range m.Features {
		old.Features = append(old.Features, featureV1(f))
	}
	for _, a := range m.Space.Axes {
		old.Space.Axes = append(old.Space.Axes, axisV1{a.Feature, string(a.Transform), a.Center, a.Scale, a.Impute})
	}
	text, err = contract.Canonical(old)
	return text, contract.SHA256(text), err
}
