package model

import (
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/space"
)

// small is a model that can be asked.
func small() Model {
	return Model{
		Version: Version, Features: FeaturesOf(contract.Customers.Columns), Schema: contract.Customers.Version,
		Space:     space.Space{Axes: []space.Axis{{Feature: "recency", Transform: space.Identity, Scaling: space.ZScore, Center: 90, Scale: 100}}},
		Centroids: [][]float64{{-0.5}, {1.5}},
	}
}

// FuzzModel feeds bytes from outside to the model's decoder: what it accepts can be asked about a customer.
func FuzzModel(f *testing.F) {
	m := small()
	text, _, err := m.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":3,"centroids":"none"}`))
	f.Add([]byte(`{"version":2,"space":{"axes":[{"feature":"recency","transform":"winsor=0.9","scaling":"z","scale":1}]},"centroids":[[1]]}`))
	f.Add([]byte(`{"version":1,"space":{"axes":[{"feature":"recency","transform":"ln","mean":1e308,"sd":1e-308}]},"centroids":[[1]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeModel(text)
		if err != nil {
			return
		}
		b := Bundle{Model: m}
		customers := frame.New(contract.Customers.Columns, 1)
		for i := range customers.Columns {
			if c := &customers.Columns[i]; c.Kind == frame.Int || c.Kind == frame.Money {
				c.Ints[0] = 10
			}
		}
		a, err := b.Assign(customers)
		if err == nil && (a.Nearest[0] < 0 || int(a.Nearest[0]) >= m.K()) {
			t.Errorf("nearest %d of %d", a.Nearest[0], m.K())
		}
		if _, _, err := m.Encode(); err != nil {
			t.Errorf("accepted, but not encodable: %v", err)
		}
	})
}

// FuzzManifest feeds bytes from outside to the manifest's decoder: what it accepts agrees with itself.
func FuzzManifest(f *testing.F) {
	m := Manifest{Version: Version, FitID: contract.SHA256(nil), Segments: []Segment{{ID: SegmentID(1), Name: "A", Lineage: LineageNew}}}
	m.Blobs.Model.SHA256 = m.FitID
	id, err := m.identity()
	if err != nil {
		f.Fatal(err)
	}
	m.ModelID = id
	text, err := contract.Canonical(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"segments":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeManifest(text)
		if err != nil {
			return
		}
		if id, err := m.identity(); err != nil || id != m.ModelID {
			t.Errorf("accepted as %s, is %s, %v", m.ModelID, id, err)
		}
	})
}
