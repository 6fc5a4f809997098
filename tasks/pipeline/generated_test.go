package pipeline

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/segment"
)

var update = flag.Bool("update", false, "write the files that are generated from the steps: make contract")

// generated are the files that are made from the steps, by what makes them of their present text.
var generated = map[string]func(steps []step, now string) string{
	"../../dags/clientele/contract.json": func(steps []step, _ string) string { return asJSON(description(steps)) },
	"../../docs/tables.md":               func(steps []step, _ string) string { return tablesPage(steps) },
	"../../docs/storage.md":              func([]step, string) string { return storagePage() },
	"../../docs/segments.md":             func(_ []step, now string) string { return between(now, "names", namesTable()) },
	"../../README.md":                    func(steps []step, now string) string { return between(now, "steps", stepsTable(steps)) },
}

// A flag that is renamed here and not in the DAGs would break a Monday; a column without a line in the docs is no column.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	for path, make := range generated {
		now, err := os.ReadFile(path)
		if err != nil && !*update {
			t.Error(err)
		}
		want := make(steps, string(now))
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Error(err)
			}
		} else if string(now) != want {
			t.Errorf("%s is not current: run make contract (-have +want):\n%s", path, cmp.Diff(string(now), want))
		}
	}
}

func asJSON(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

// between replaces what is between two markers in a page.
func between(page, name, text string) string { return betweenBy(page, name, "make contract", text) }

// betweenBy is between of what a command writes.
func betweenBy(page, name, command, text string) string {
	from, to := fmt.Sprintf("<!-- %s: written by %s -->\n", name, command), fmt.Sprintf("<!-- end of %s -->", name)
	before, rest, found := strings.Cut(page, from)
	_, after, ended := strings.Cut(rest, to)
	if !found || !ended {
		return "the page has no " + from
	}
	return before + from + text + to + after
}

// namesTable is the table of segments' names.
func namesTable() string {
	var b strings.Builder
	b.WriteString("| name | " + strings.Join(segment.Measures[:], " | ") + " |\n| --- " + strings.Repeat("| --- ", len(segment.Measures)) + "|\n")
	for _, row := range segment.NameTable() {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}

// stepsTable is the README's table of steps.
func stepsTable(steps []step) string {
	var b strings.Builder
	b.WriteString("| step | purpose | reads | writes | exit codes of its own |\n| --- | --- | --- | --- | --- |\n")
	for _, s := range steps {
		var reads, writes, exits []string
		if slices.ContainsFunc(s.program.Describe().Flags, func(f contract.Flag) bool { return f.Name == "source" }) {
			reads = append(reads, "`--source`")
		}
		reads = append(reads, s.Reads...)
		if s.Head {
			reads = append(reads, "HEAD")
		}
		for _, t := range s.Writes {
			writes = append(writes, t.Name)
		}
		writes = append(writes, s.Files...)
		for _, p := range s.Pointers {
			writes = append(writes, "`"+p+"`")
		}
		for _, e := range s.Exits {
			exits = append(exits, fmt.Sprintf("%d %s", e.Code, e.When))
		}
		row(&b, "`"+s.Name+"`", s.Does, strings.Join(reads, ", "), strings.Join(writes, ", "), strings.Join(exits, " · "))
	}
	return b.String()
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// tablesPage is the data dictionary.
func tablesPage(steps []step) string {
	var b strings.Builder
	b.WriteString(`# Tables

Every table, column by column. The declarations are in pkg/contract/table.go and pkg/feature/specs.go; ` + "`make contract`" + ` writes this
page from them.

Tables are Arrow IPC files. Each file carries the name and version of its table. Types on disk: text is utf8, int is int64, float is
float64, money is decimal128(18,4) and price is decimal128(18,6) in the shop's currency, quantity is decimal128(18,3), time is
timestamp[us] without a zone, local to the shop. A share is a number from 0 to 1. Only columns marked "yes" can be null. [storage.md](storage.md) says where the files are.

| table | written by | holds |
| --- | --- | --- |
`)
	for _, s := range steps {
		for _, t := range s.Writes {
			first, _, _ := strings.Cut(t.Meaning, ". ")
			row(&b, fmt.Sprintf("[%s](#%s)", t.Name, t.Name), "`"+s.Name+"`", strings.ToLower(first[:1])+first[1:])
		}
	}
	for _, s := range steps {
		for _, t := range s.Writes {
			section(&b, t, "`"+s.Name+"`")
		}
	}
	reference, golden, now := model.Schemas()
	customers := len(reference.Columns)
	fmt.Fprintf(&b, "\n## In a model's bundle\n\nThe bundle that train writes to the registry has three tables. All have the columns of [customers](#customers).\n")
	fmt.Fprintf(&b, "\n**%s**, version %d. %s\n", reference.Name, reference.Version, reference.Meaning)
	fmt.Fprintf(&b, "\n**%s**, version %d. %s\n", now.Name, now.Version, now.Meaning)
	fmt.Fprintf(&b, "\n**%s**, version %d. %s Its other columns:\n", golden.Name, golden.Version, golden.Meaning)
	golden.Columns = golden.Columns[customers:]
	columnsTable(&b, golden)
	b.WriteString(rulesSection())
	return b.String()
}

func section(b *strings.Builder, t frame.Schema, writer string) {
	fmt.Fprintf(b, "\n## %s\n\n%s Written by %s; version %d.\n", t.Name, t.Meaning, writer, t.Version)
	columnsTable(b, t)
}

func columnsTable(b *strings.Builder, t frame.Schema) {
	b.WriteString("\n| column | type | unit | null | meaning |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range t.Columns {
		null := ""
		if c.Nullable {
			null = "yes"
		}
		row(b, "`"+c.Name+"`", c.Kind.String(), c.Unit, null, c.Meaning)
	}
}

// rulesSection lists the values of the columns that name rules and checks.
func rulesSection() string {
	var b strings.Builder
	b.WriteString("\n## Rules\n\nThe values of `rule` in the ledger, in the order in which they are applied; `--rules` switches them.\n\n| rule | default | removes |\n| --- | --- | --- |\n")
	for _, r := range retail.RuleSpecs {
		row(&b, "`"+r.Name+"`", map[bool]string{true: "on", false: "off"}[r.Default], r.Meaning)
	}
	b.WriteString("\n## Checks\n\nThe values of `rules` in the table of rejected records.\n\n| check | rejects a record with |\n| --- | --- |\n")
	for _, c := range record.Checks {
		row(&b, "`"+c.Name+"`", c.Meaning)
	}
	return b.String()
}

// storagePage shows every path as a tree.
func storagePage() string {
	var b strings.Builder
	b.WriteString(`# Storage layout

Every object that Clientele stores. The paths are declared in pkg/contract/layout.go; ` + "`make contract`" + ` writes this page from them. A word
in angle brackets is a placeholder: ` + "`<sha256>`" + ` is a hash of the content, ` + "`<key>`" + ` a hash of inputs, parameters and code,
` + "`<pipeline>/<as-of>/<slug>`" + ` the name of a run, ` + "`<name>`" + ` the value of ` + "`--name`" + `.

An object marked → is a pointer: it is overwritten, by compare-and-swap. Every other object is created once and never changed. In
brackets: who writes it. [tables.md](tables.md) describes the tables.
`)
	for _, root := range []struct {
		title    string
		registry bool
	}{{"Below --root", false}, {"Below --registry, by default <root>/registry", true}} {
		fmt.Fprintf(&b, "\n## %s\n\n```\n", root.title)
		var last []string
		for _, p := range contract.Layout {
			if p.Registry == root.registry {
				last = branch(&b, p, last)
			}
		}
		b.WriteString("```\n")
	}
	return b.String()
}

// branch writes the folders of a place that the place before did not have, and the place.
func branch(b *strings.Builder, p contract.Place, last []string) []string {
	parts := strings.Split(p.Path, "/")
	same := 0
	for same < min(len(parts), len(last))-1 && parts[same] == last[same] {
		same++
	}
	for i, part := range parts {
		indent := strings.Repeat("  ", i)
		switch {
		case i == len(parts)-1:
			writers := "every step"
			if p.Writers != nil {
				writers = strings.Join(p.Writers, ", ")
			}
			mark := "  "
			if p.Pointer {
				mark = "→ "
			}
			fmt.Fprintf(b, "%s%-*s %s [%s]\n", indent, 40-len(indent), mark+part, p.Meaning, writers)
		case i >= same:
			fmt.Fprintf(b, "%s  %s/\n", indent, part)
		}
	}
	return parts
}
