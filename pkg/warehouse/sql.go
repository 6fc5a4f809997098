package warehouse

import (
	"fmt"
	"strings"

	"cloud.google.com/go/bigquery"

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
		into := func(table, where string) {
			say("INSERT INTO %s (%s)\nSELECT %s, %s, %s, %s FROM %s%s",
				in(table), columns(published(t.Schema)), asOf, quoted(p.Run), quotedOrNull(p.ModelID), columns(staged(t.Schema)), in(t.table), where)
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

// addColumns returns the statement that adds nullable columns to a table, and is content with those that are there.
func addColumns(table string, add bigquery.Schema) string {
	actions := make([]string, len(add))
	for i, f := range add {
		actions[i] = fmt.Sprintf("ADD COLUMN IF NOT EXISTS `%s` %s OPTIONS(description=%s)", f.Name, sqlType(f), quoted(f.Description))
	}
	return "ALTER TABLE `" + table + "` " + strings.Join(actions, ", ")
}

// current is the table of the rows of the latest as-of date.
func current(table string) string { return table + "_current" }

// columns returns the names of columns as a list in SQL.
func columns(fields bigquery.Schema) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = "`" + f.Name + "`"
	}
	return strings.Join(names, ", ")
}
