package warehouse

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/bigquery"

	"github.com/clientele/clientele/pkg/frame"
)

// origin are the columns that every published table has in front of its own: what its rows were made of.
var origin = []*bigquery.FieldSchema{
	{Name: "as_of", Type: bigquery.DateFieldType, Required: true, Description: "The day that counts as today in the run."},
	{Name: "run", Type: bigquery.StringFieldType, Required: true, Description: "The run that made the row: <pipeline>/<as-of>/<run>."},
	{Name: "model_id", Type: bigquery.StringFieldType, Description: "The model that scored the customers of the run. Null without scores."},
}

// publications is the table that says what is published. One row for each table of each publication.
var publications = bigquery.Schema{
	origin[0], origin[1], origin[2],
	{Name: "publication", Type: bigquery.StringFieldType, Required: true, Description: "Key of the publish step: the same content has the same key."},
	{Name: "table_name", Type: bigquery.StringFieldType, Required: true, Description: "The published table."},
	{Name: "row_count", Type: bigquery.IntegerFieldType, Required: true, Description: "Rows published."},
	{Name: "money", Type: bigquery.NumericFieldType, Required: true, Description: "Sum over all money columns of the table, a checksum."},
	{Name: "sha256", Type: bigquery.StringFieldType, Required: true, Description: "Hash of the Arrow file that the rows came from."},
	{Name: "published", Type: bigquery.TimestampFieldType, Required: true, Description: "When the transaction ran."},
}

// publicationsName is that table.
const publicationsName = "publications"

// clusterable are the columns that tables are clustered by, where they have them.
var clusterable = []string{"segment", "customer", "code", "country"}

// fieldType returns BigQuery's type of a kind. Decimals are parameterised NUMERIC: exact, as in the files.
func fieldType(k frame.Kind) bigquery.FieldType {
	switch k {
	case frame.Int:
		return bigquery.IntegerFieldType
	case frame.Float:
		return bigquery.FloatFieldType
	case frame.Time:
		return bigquery.DateTimeFieldType
	case frame.Money, frame.Price, frame.Quantity:
		return bigquery.NumericFieldType
	}
	return bigquery.StringFieldType
}

// field returns the column of a table.
func field(s frame.Spec) *bigquery.FieldSchema {
	f := &bigquery.FieldSchema{Name: s.Name, Type: fieldType(s.Kind), Required: !s.Nullable, Description: s.Meaning}
	if s.Unit != "" {
		f.Description = strings.TrimSpace(f.Description + " Unit: " + s.Unit + ".")
	}
	if d := s.Kind.Decimals(); d >= 0 {
		f.Precision, f.Scale = 18, int64(d)
	}
	return f
}

// staged returns the columns of a table as its file has them.
func staged(s frame.Schema) bigquery.Schema {
	fields := make(bigquery.Schema, len(s.Columns))
	for i, c := range s.Columns {
		fields[i] = field(c)
	}
	return fields
}

// published returns the columns of a table as people see them: origin's, then its own in their order. One of its own that is
// called like one of origin's has the table's name in front: reads_as_of.
func published(s frame.Schema) bigquery.Schema {
	own := staged(s)
	for _, f := range own {
		if slices.ContainsFunc(origin, func(o *bigquery.FieldSchema) bool { return o.Name == f.Name }) {
			f.Name = s.Name + "_" + f.Name
		}
	}
	return append(slices.Clone(origin), own...)
}

// clustering returns what a table is clustered by, nil for nothing.
func clustering(s frame.Schema) *bigquery.Clustering {
	var by []string
	for _, name := range clusterable {
		if s.Index(name) >= 0 {
			by = append(by, name)
		}
	}
	if by == nil {
		return nil
	}
	return &bigquery.Clustering{Fields: by}
}

// metadata returns how a table is made: by day of as-of for the history, without partitions for the current rows.
func metadata(s frame.Schema, current bool, labels map[string]string) *bigquery.TableMetadata {
	m := &bigquery.TableMetadata{Description: s.Meaning, Schema: published(s), Clustering: clustering(s), Labels: labels}
	if current {
		m.Description = "The rows of " + s.Name + " of the latest as-of date. " + s.Meaning
		return m
	}
	m.TimePartitioning = &bigquery.TimePartitioning{Type: bigquery.DayPartitioningType, Field: "as_of"}
	return m
}

// missing returns the columns of want that have lacks. It is an error if have cannot become want by adding nullable columns:
// the message has the statement that an operator would run.
func missing(table string, have, want bigquery.Schema) (bigquery.Schema, error) {
	byName := map[string]*bigquery.FieldSchema{}
	for _, f := range have {
		byName[f.Name] = f
	}
	var add bigquery.Schema
	for _, w := range want {
		h := byName[w.Name]
		delete(byName, w.Name)
		switch {
		case h == nil && w.Required:
			return nil, fmt.Errorf("table %s has no column %s, which must not be null: ALTER TABLE `%s` ADD COLUMN %s %s, fill it, and set it NOT NULL, "+
				"or rename the table and publish again", table, w.Name, table, w.Name, sqlType(w))
		case h == nil:
			add = append(add, w)
		case h.Type != w.Type:
			return nil, fmt.Errorf("column %s of table %s is %s, want %s: ALTER TABLE `%s` RENAME COLUMN %s TO %s_old, and publish again",
				w.Name, table, h.Type, sqlType(w), table, w.Name, w.Name)
		case h.Required && !w.Required:
			return nil, fmt.Errorf("column %s of table %s must not be null there, but can be null: ALTER TABLE `%s` ALTER COLUMN %s DROP NOT NULL",
				w.Name, table, table, w.Name)
		}
	}
	for _, f := range have { // what is left must be allowed to be null
		if byName[f.Name] != nil && f.Required {
			return nil, fmt.Errorf("table %s has a column %s that must not be null and that this program does not know: ALTER TABLE `%s` ALTER COLUMN %s DROP NOT NULL",
				table, f.Name, table, f.Name)
		}
	}
	return add, nil
}

// sqlType returns a column's type as SQL writes it.
func sqlType(f *bigquery.FieldSchema) string {
	switch f.Type {
	case bigquery.IntegerFieldType:
		return "INT64"
	case bigquery.FloatFieldType:
		return "FLOAT64"
	case bigquery.NumericFieldType:
		if f.Precision > 0 {
			return fmt.Sprintf("NUMERIC(%d, %d)", f.Precision, f.Scale)
		}
	}
	return string(f.Type)
}
