package clientele_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const glossary = "docs/glossary.md"

// retired returns the terms in double quotes in the glossary's "not" and "instead of" columns.
func retired(t *testing.T) []string {
	t.Helper()
	var terms []string
	quoted := regexp.MustCompile(`"([^"]+)"`)
	for row := range strings.Lines(read(t, glossary)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), " | ")
		if !strings.HasPrefix(row, "|") || len(cells) < 2 {
			continue
		}
		column := 0
		if len(cells) == 3 {
			column = 2
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[column], -1) {
			terms = append(terms, m[1])
		}
	}
	if !slices.Contains(terms, "lies") || !slices.Contains(terms, "model in force") {
		t.Fatalf("%s: its tables are not read: %q", glossary, terms)
	}
	return terms
}

// matcher finds whole words of any of the terms, in any case, across line breaks.
func matcher(terms []string) *regexp.Regexp {
	var phrases []string
	for _, term := range terms {
		var words []string
		for _, w := range strings.Fields(term) {
			words = append(words, regexp.QuoteMeta(w))
		}
		phrases = append(phrases, strings.Join(words, `\s+(?:[/#*]+\s+)?`))
	}
	return regexp.MustCompile(`(?i)\b(?:` + strings.Join(phrases, "|") + `)\b`)
}

// prose returns what a person reads of a file, by line: a Go file's string literals (help texts, log and error messages), all
// of any other.
func prose(t *testing.T, path string) map[int]string {
	t.Helper()
	if filepath.Ext(path) != ".go" {
		return map[int]string{1: read(t, path)}
	}
	return literals(t, path, nil)
}

// literals returns a Go file's string literals by line, those joined by + as one. Imports and struct tags are left out.
func literals(t *testing.T, path string, src any) map[int]string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.BinaryExpr:
			if text := joined(n); text != "" {
				found[set.Position(n.Pos()).Line] += text + "\n"
				return false
			}
		case *ast.BasicLit:
			found[set.Position(n.Pos()).Line] += joined(n) + "\n"
		}
		return true
	})
	return found
}

// joined returns the text of a literal, or of the literals in a sum, one after the other; "" without any.
func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			if err == nil {
				return s
			}
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return joined(e.X) + joined(e.Y)
		}
	}
	return ""
}

// readable returns the files whose texts people read: Go programs, the DAGs, their helpers and the contract (with the help of
// every flag), and the docs.
func readable(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md", "CONTRIBUTING.md", "Makefile"}
	for _, root := range []string{"pkg", "tasks", "tools", "dags", "docs"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && slices.Contains([]string{"testdata", "tests", "__pycache__", "node_modules"}, d.Name()):
				return filepath.SkipDir
			case d.IsDir() || strings.HasSuffix(path, "_test.go") || path == glossary:
			case slices.Contains([]string{".go", ".py", ".md", ".html", ".sh"}, filepath.Ext(path)) || d.Name() == "contract.json":
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestRetiredTerms: no text that a user reads has a term that the glossary has retired.
func TestRetiredTerms(t *testing.T) {
	term := matcher(retired(t))
	for _, path := range readable(t) {
		for line, text := range prose(t, path) {
			for _, at := range term.FindAllStringIndex(text, -1) {
				word := text[at[0]:at[1]]
				if word == strings.ToUpper(word) {
					continue // data, such as a product's name
				}
				t.Errorf("%s:%d: %q is retired; %s has the term to use", path, line+strings.Count(text[:at[0]], "\n"), word, glossary)
			}
		}
	}
}

// The test above is only as good as what it finds.
func TestRetiredTermsAreFound(t *testing.T) {
	src := "package p\n\nimport \"lies\"\n\nvar x = struct{ A int `json:\"stands\"` }{}\n\n// told\nvar y = \"a model\" +\n\t\" in force\" + name + \" lies\"\n\nvar z = f(\"%s stands\", `one\ntold`)\n"
	term := matcher([]string{"lies", "stands", "told", "model in force"})
	got := map[string]int{}
	for line, text := range literals(t, "p.go", src) {
		for _, s := range term.FindAllString(text, -1) {
			got[s] = line
		}
	}
	want := map[string]int{"model in force": 8, "lies": 8, "stands": 11, "told": 11}
	if len(got) != len(want) {
		t.Errorf("found %v, want %v", got, want)
	}
	for s, line := range want {
		if got[s] != line {
			t.Errorf("%q found in line %d, want %d", s, got[s], line)
		}
	}
	for text, found := range map[string]bool{
		"it Lies there": true, "a model\n# in force": true, "clientele": false, "relies on": false, "understands": false, "already_in_force": false,
	} {
		if matcher([]string{"lies", "stands", "model in force", "in force"}).MatchString(text) != found {
			t.Errorf("%q: found %v, want %v", text, !found, found)
		}
	}
}
