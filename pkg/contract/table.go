package contract

import (
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
)

// Tables that pass between steps. A change of a column raises the version; a reader takes its own and the one before.
var (
	Lines = table.Schema{Name: "lines", Version: 1, Columns: []frame.Spec{
		{Name: "invoice", Kind: frame.Text},
		{Name: "code", Kind: frame.Text},
		{Name: "description", Kind: frame.Text, Nullable: true},
		{Name: "quantity", Kind: frame.Int},
		{Name: "time", Kind: frame.Time, Unit: "shop's local time"},
		{Name: "price", Kind: frame.Money, Unit: "money a unit"},
		{Name: "customer", Kind: frame.Text, Nullable: true},
		{Name: "country", Kind: frame.Text, Nullable: true},
		{Name: "record", Kind: frame.Int, Unit: "ordinal in the delivery"},
	}, Coded: []string{"invoice", "code", "description", "quantity", "time", "price", "customer", "country"}}

	Quarantine = table.Schema{Name: "quarantine", Version: 1, Columns: []frame.Spec{
		{Name: "delivery", Kind: frame.Text},
		{Name: "record", Kind: frame.Int, Unit: "ordinal in the delivery"},
		{Name: "raw", Kind: frame.Text, Nullable: true},
		{Name: "rules", Kind: frame.Text, Unit: "comma separated"},
	}}

	Sales = table.Schema{Name: "sales", Version: 1, Columns: []frame.Spec{
		{Name: "customer", Kind: frame.Text, Nullable: true},
		{Name: "invoice", Kind: frame.Text},
		{Name: "code", Kind: frame.Text},
		{Name: "time", Kind: frame.Time, Unit: "shop's local time"},
		{Name: "quantity", Kind: frame.Int},
		{Name: "price", Kind: frame.Money, Unit: "money a unit"},
		{Name: "amount", Kind: frame.Money},
		{Name: "country", Kind: frame.Text, Nullable: true},
	}, Coded: []string{"customer", "invoice", "code", "time", "quantity", "price", "amount", "country"}}

	Ledger = table.Schema{Name: "ledger", Version: 1, Columns: []frame.Spec{
		{Name: "rule", Kind: frame.Text},
		{Name: "lines", Kind: frame.Int},
		{Name: "invoices", Kind: frame.Int},
		{Name: "customers", Kind: frame.Int},
		{Name: "amount", Kind: frame.Money},
		{Name: "sales", Kind: frame.Money, Unit: "positive part of amount"},
		{Name: "returns", Kind: frame.Money, Unit: "negative part of amount"},
	}}

	Customers = table.Schema{Name: "customers", Version: 1, Columns: feature.Specs}

	Sweep = table.Schema{Name: "sweep", Version: 1, Columns: []frame.Spec{
		{Name: "k", Kind: frame.Int},
		{Name: "inertia", Kind: frame.Float},
		{Name: "silhouette", Kind: frame.Float, Nullable: true},
		{Name: "silhouette_points", Kind: frame.Int, Unit: "points it was taken over"},
		{Name: "davies_bouldin", Kind: frame.Float, Nullable: true},
		{Name: "calinski_harabasz", Kind: frame.Float, Nullable: true},
		{Name: "smallest_share", Kind: frame.Float, Unit: "0..1"},
		{Name: "elbow", Kind: frame.Float, Unit: "distance to the chord in the unit square"},
		{Name: "chosen", Kind: frame.Int, Unit: "1 for the k in use"},
	}}

	Assignments = table.Schema{Name: "assignments", Version: 1, Columns: []frame.Spec{
		{Name: "customer", Kind: frame.Text},
		{Name: "nearest", Kind: frame.Text, Unit: "segment id"},
		{Name: "distance", Kind: frame.Float},
		{Name: "second", Kind: frame.Float, Nullable: true},
		{Name: "margin", Kind: frame.Float, Nullable: true, Unit: "(second - distance) / second"},
		{Name: "segment", Kind: frame.Text, Unit: "segment id"},
		{Name: "segment_name", Kind: frame.Text},
		{Name: "r", Kind: frame.Int, Unit: "1..5"},
		{Name: "f", Kind: frame.Int, Unit: "1..5"},
		{Name: "m", Kind: frame.Int, Unit: "1..5"},
		{Name: "rfm_name", Kind: frame.Text},
		{Name: "monetary", Kind: frame.Money},
		{Name: "previous", Kind: frame.Text, Nullable: true, Unit: "segment id"},
		{Name: "why", Kind: frame.Text},
	}}

	// Segments has one row a segment; the profile columns are means over its customers of every numeric feature.
	Segments = table.Schema{Name: "segments", Version: 1, Columns: append([]frame.Spec{
		{Name: "segment", Kind: frame.Text, Unit: "segment id"},
		{Name: "name", Kind: frame.Text},
		{Name: "customers", Kind: frame.Int},
		{Name: "share", Kind: frame.Float, Unit: "0..1"},
		{Name: "revenue", Kind: frame.Money},
		{Name: "revenue_share", Kind: frame.Float, Unit: "0..1"},
	}, profile()...)}

	Movers = table.Schema{Name: "movers", Version: 1, Columns: []frame.Spec{
		{Name: "customer", Kind: frame.Text},
		{Name: "from", Kind: frame.Text, Nullable: true, Unit: "segment id"},
		{Name: "to", Kind: frame.Text, Nullable: true, Unit: "segment id"},
		{Name: "kind", Kind: frame.Text, Unit: "joined, left, moved"},
		{Name: "amount", Kind: frame.Money},
	}}

	Features = table.Schema{Name: "features", Version: 1, Columns: []frame.Spec{
		{Name: "feature", Kind: frame.Text},
		{Name: "psi", Kind: frame.Float},
		{Name: "threshold", Kind: frame.Float, Unit: "psi that this many customers reach by chance"},
		{Name: "bins", Kind: frame.Int},
		{Name: "reference_rows", Kind: frame.Int},
		{Name: "current_rows", Kind: frame.Int},
		{Name: "verdict", Kind: frame.Text},
	}}

	Effects = table.Schema{Name: "effects", Version: 1, Columns: []frame.Spec{
		{Name: "effect", Kind: frame.Text, Unit: "data, model, population"},
		{Name: "value", Kind: frame.Float, Nullable: true},
		{Name: "limit", Kind: frame.Float, Nullable: true},
		{Name: "verdict", Kind: frame.Text},
		{Name: "why", Kind: frame.Text},
	}}
)

// ProfilePrefix stands before the name of a feature in the segments table's profile columns.
const ProfilePrefix = "mean_"

func profile() []frame.Spec {
	var specs []frame.Spec
	for _, s := range feature.Specs {
		if s.Kind != frame.Text {
			specs = append(specs, frame.Spec{Name: ProfilePrefix + s.Name, Kind: frame.Float, Nullable: true, Unit: s.Unit})
		}
	}
	return specs
}
