package contract

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Every function that makes a path makes one that Layout lists, and Layout lists no other.
func TestTheLayoutListsEveryPath(t *testing.T) {
	run := Run{Pipeline: "<pipeline>", Slug: "<slug>"} // its as-of is 1970-01-01
	made := []string{
		PartitionPath("<source>", 0, "<sha256>"), SnapshotPath("<sha256>"), PartPath("<source>", 1970, "<sha256>"), QuarantinePath("<source>", "<delivery>"), SeenPath("<sha256>", 7),
		LinesStatePath(), ScoreStatePath("<name>"), DriftStatePath("<name>"), HistoryStatePath("<name>"), UsedPath("<name>", "<step>"),
		OutputPath(run, "<step>", "<key>", "<name>"), ManifestPath(run, "<step>", "<key>"), CurrentPath(run, "<step>"),
		BlobPath("<sha256>"), ModelPath("<model_id>"), ProvenancePath("<model_id>"), EvalPath("<eval_id>"), HeadPath("<name>"),
		HistoryPath("<name>", 7, "<sha256>"), NamesPath("<name>"), MeaningStatePath(), CampaignsPath("<name>"), ArmsPath("<name>", "<id>"), PlanPath("<name>", "<id>"), ReadPath("<name>", "<id>", 7),
		SentPath("<name>", "<id>"), ExportPath("<name>", "<id>"),
		ErasedPath(), ErasurePath(7), RequestPath("<request>"), ErasedModelPath("<model_id>"),
	}
	values := strings.NewReplacer("<day>", "1970-01-01", "<year>", "1970", "<as-of>", "1970-01-01", "<n>", "7", "<seq>", "7")
	var listed []string
	for _, p := range Layout {
		listed = append(listed, values.Replace(p.Path))
	}
	slices.Sort(made)
	slices.Sort(listed)
	if !slices.Equal(made, listed) {
		t.Errorf("the functions make\n%s\nthe layout lists\n%s", strings.Join(made, "\n"), strings.Join(listed, "\n"))
	}

	file, err := parser.ParseFile(token.NewFileSet(), "layout.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	functions := 0
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasSuffix(f.Name.Name, "Path") {
			functions++
		}
	}
	if functions != len(made) {
		t.Errorf("layout.go has %d functions that make paths, this test knows %d", functions, len(made))
	}
}

// What a step swaps is a pointer, and names the step among its writers.
func TestPointersAreInTheLayout(t *testing.T) {
	for _, s := range Steps {
		for _, pointer := range s.Pointers {
			i := slices.IndexFunc(Layout, func(p Place) bool { return p.Path == pointer })
			if i < 0 || !Layout[i].Pointer || !slices.Contains(Layout[i].Writers, s.Name) {
				t.Errorf("%s swaps %s, which is no pointer of its own in the layout", s.Name, pointer)
			}
		}
	}
}

// What is not declared cannot be documented: every table and every column says what it means.
func TestEveryColumnHasAMeaning(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Steps {
		for _, table := range s.Writes {
			if seen[table.Name] {
				t.Errorf("table %s is declared twice", table.Name)
			}
			seen[table.Name] = true
			if !strings.HasSuffix(table.Meaning, ".") {
				t.Errorf("table %s: meaning %q is no sentence", table.Name, table.Meaning)
			}
			for _, c := range table.Columns {
				if !strings.HasSuffix(c.Meaning, ".") || strings.ContainsAny(c.Meaning+c.Unit, "|`\n") {
					t.Errorf("table %s, column %s: meaning %q is no plain sentence", table.Name, c.Name, c.Meaning)
				}
			}
		}
	}
	if len(seen) < 11 {
		t.Errorf("%d tables, want all of them", len(seen))
	}
}
