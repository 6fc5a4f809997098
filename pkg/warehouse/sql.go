package warehouse

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/frame"
)

// staging is a table that is loaded and not yet published.
type staging struct {
	Source
	table string // its name in the dataset
	rows  int64
	money total
}

// quoted returns a text as a literal.
func quoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(s) + "'"
}

// quotedOrNull is [quoted] with NULL for the empty text.
func quotedOrNull(s string) string {
	if s == "" {
		return "NULL"
	}
	return quoted(s)
}

// script returns the transaction that makes a publication visible. Everything in it is a literal, so that the text of the
// job says what it did.
func script(dataset string, p Publication, tables []staging) string {
	in := func(table string) string { return "`" + dataset + "." + table + "`" }
	asOf := "DATE " + quoted(p.AsOf.String())
	newest := fmt.Sprintf("(SELECT COALESCE(MAX(as_of), DATE '0001-01-01') FROM %s) <= %s", in(publicationsName), asOf)
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+";\n", args...) }
	say("BEGIN TRANSACTION")
	for _, t := range tables {
		sum := "0"
		for _, c := range t.Schema.Columns {
			if c.Kind == frame.Money {
				sum += fmt.Sprintf(" + COALESCE(SUM(`%s`), 0)", c.Name)
			}
		}
		say("SELECT IF((SELECT COUNT(*) = %d AND %s = NUMERIC '%s' FROM %s), 1, ERROR(%s))", t.rows, sum, t.money, in(t.table),
			quoted("the rows loaded for "+t.Schema.Name+" are not those of its file"))
	}
	for _, t := range tables {
		names := columns(t.Schema)
		into := func(table, where string) {
			say("INSERT INTO %s (as_of, run, model_id, %s)\nSELECT %s, %s, %s, %s FROM %s%s",
				in(table), names, asOf, quoted(p.Run), quotedOrNull(p.ModelID), names, in(t.table), where)
		}
		say("DELETE FROM %s WHERE as_of = %s", in(t.Schema.Name), asOf)
		into(t.Schema.Name, "")
		say("DELETE FROM %s WHERE %s", in(current(t.Schema.Name)), newest)
		into(current(t.Schema.Name), "\nWHERE "+newest)
	}
	say("DELETE FROM %s WHERE publication = %s", in(publicationsName), quoted(p.Key))
	for _, t := range tables {
		say("INSERT INTO %s (as_of, run, model_id, publication, table_name, row_count, money, sha256, published)\nVALUES (%s, %s, %s, %s, %s, %d, NUMERIC '%s', %s, CURRENT_TIMESTAMP())",
			in(publicationsName), asOf, quoted(p.Run), quotedOrNull(p.ModelID), quoted(p.Key), quoted(t.Schema.Name), t.rows, t.money, quoted(t.SHA256))
	}
	say("COMMIT TRANSACTION")
	return b.String()
}

// current is the table of the rows of the latest as-of date.
func current(table string) string { return table + "_current" }

// columns returns the names of a table's columns as a list in SQL.
func columns(s frame.Schema) string {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = "`" + c.Name + "`"
	}
	return strings.Join(names, ", ")
}
