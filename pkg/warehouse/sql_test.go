package warehouse

import (
	"fmt"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// No view has the name of a table: BigQuery would refuse to replace the one by the other.
func TestViewsAreNoTables(t *testing.T) {
	taken := map[string]bool{publicationsName: true}
	for _, p := range contract.Publications() {
		taken[p.Schema.Name], taken[current(p.Schema.Name)] = true, true
	}
	for _, v := range Views {
		if taken[v.Name] {
			t.Errorf("%s is a table or another view, too", v.Name)
		}
		taken[v.Name] = true
	}
}

// Every statement that a publication of all tables sends is typed by Google's analyzer against the schemas that are made from
// the declarations; and the analyzer refuses one that is wrong.
func TestStatementsAreTyped(t *testing.T) {
	const dataset = "test-project.clientele"
	tables := map[string]map[string]string{}
	declare := func(name string, s bigquery.Schema) {
		columns := map[string]string{}
		for _, f := range s {
			kind, _, _ := strings.Cut(sqlType(f), "(")
			columns[f.Name] = kind
		}
		tables[dataset+"."+name] = columns
	}
	declare(publicationsName, publications)
	var all []staging
	for _, p := range contract.Publications() {
		s := staging{Source: Source{Schema: p.Schema, SHA256: "00"}, table: "staging_k_" + p.Schema.Name, rows: 3}
		all = append(all, s)
		declare(s.table, staged(p.Schema))
		declare(p.Schema.Name, published(p.Schema))
		declare(current(p.Schema.Name), published(p.Schema))
	}
	if len(all) < 10 {
		t.Fatalf("%d tables are published", len(all))
	}
	text := script(dataset, Publication{Key: "k", Run: `a\'b`, AsOf: 15000}, all)
	statements := strings.Split(strings.TrimSuffix(text, ";\n"), ";\n")
	if statements[0] != "BEGIN TRANSACTION" || statements[len(statements)-1] != "COMMIT TRANSACTION" {
		t.Fatalf("the script begins with %s and ends with %s", statements[0], statements[len(statements)-1])
	}
	everything := Publication{Tables: make([]Source, len(all))}
	for i, a := range all {
		everything.Tables[i] = a.Source
	}
	made := views(dataset, everything)
	if len(made) != len(Views) {
		t.Fatalf("%d views of %d are made of all tables", len(made), len(Views))
	}
	statements = append(statements[1:len(statements)-1], made...)
	for _, v := range Views { // the analyzer knows no view: what asks it, asks its query
		statements = append(statements, in(dataset, strings.ReplaceAll(v.Example, "`{d}."+v.Name+"`", "("+v.sql+")")))
	}
	customers := modeltest.Customers(50, 1)
	for _, b := range []*model.Bundle{bundle(t, customers, 3, everyTransform, 0), bundle(t, customers, 3, everyTransform, 0.9)} {
		f := nearest(b)
		args := make([]string, len(f.Arguments))
		for i, a := range f.Arguments {
			args[i] = "`" + a.Name + "` " + a.DataType.TypeKind
		}
		statements = append(statements, fmt.Sprintf("CREATE FUNCTION nearest(%s) RETURNS %s AS (%s)", strings.Join(args, ", "), f.ReturnType.TypeKind, f.Body))
	}
	statements = append(statements, "CREATE FUNCTION nearest(`recency` FLOAT64) RETURNS STRING AS ((SELECT 1))",
		addColumns(dataset+".customers", bigquery.Schema{{Name: "share", Type: bigquery.FloatFieldType, Description: "it's"}}),
		"SELECT customer + 1 FROM `"+dataset+".customers`")
	wrong := warehousetest.Analyze(t, tables, statements)
	last := len(wrong) - 1
	if wrong[last] == "" {
		t.Error("the analyzer lets a text plus a number pass")
	}
	if last -= 2; wrong[last] == "" {
		t.Error("the analyzer lets a function of another type pass")
	}
	wrong[last] = ""
	for i, w := range wrong[:len(wrong)-1] {
		if w != "" {
			t.Errorf("%s\n%s", statements[i], w)
		}
	}
}
