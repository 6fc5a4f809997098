package profile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/profile"
	"github.com/clientele/clientele/pkg/retail"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	want := profile.Profile{
		Version: profile.Version,
		Read: reading.Reading{
			Encoding: "iso-8859-1", Separator: "semicolon", Decimal: "comma", Group: "point", DateLayout: "02.01.2006 15:04",
			Columns: map[string]string{"invoice": "Beleg, Nr.", "price": "Preis"}, Sheets: "add", Missing: []string{"0"},
		},
		Meaning: retail.Meaning{Discounts: "allocate", NonProducts: "services; code=POST"},
	}
	text, err := want.Text("a shop", "of two\nlines")
	if err != nil {
		t.Fatal(err)
	}
	got, err := profile.Parse(text)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s\n%s", err, diff, text)
	}
	if !strings.HasPrefix(string(text), "# a shop\n# of two lines\nversion = 1\n") {
		t.Errorf("got %s", text)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no version":    {"[read]\n", "it has no version"},
		"newer":         {"version = 2\n", "it is of version 2, this program reads version 1"},
		"no TOML":       {"version = 1\n[read\n", "line 3"},
		"a wrong type":  {"version = 1\n[read]\nseparator = 3\n", "separator"},
		"unknown key":   {"version = 1\n[read]\nseparatr = \"comma\"\n", "unknown key read.separatr"},
		"all at once":   {"version = 1\n[read]\nseparator = \"x\"\ndecimal = \"y\"\n", `read.separator: want comma, semicolon, tab, pipe or one of , ; | : ^ ~ (got "x"); read.decimal`},
		"a wrong field": {"version = 1\n[read.columns]\nbill = \"Bill\"\n", `read.columns: no field "bill"`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := profile.Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "shop.toml")
	if err := os.WriteFile(file, []byte("version = 1\n[read]\nseparator = \"auto\"\ndecimal = \"comma\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{file, "file://" + file} {
		got, err := profile.Load(t.Context(), where, source.Options{})
		if err != nil || !got.Read.Equal(reading.Reading{Decimal: "comma"}) {
			t.Errorf("%s: got %+v, %v", where, got, err)
		}
	}
	if got, err := profile.Load(t.Context(), "", source.Options{}); err != nil || !got.Read.Equal(reading.Reading{}) {
		t.Errorf("none: got %+v, %v", got, err)
	}
	bad := filepath.Join(folder, "bad.toml")
	if err := os.WriteFile(bad, []byte("version = 7\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := profile.Load(t.Context(), bad, source.Options{}); !errors.Is(err, profile.ErrProfile) || !errors.Is(err, fault.ErrConfig) || !strings.Contains(err.Error(), "bad.toml") {
		t.Errorf("got %v", err)
	}
	if _, err := profile.Load(t.Context(), filepath.Join(folder, "none.toml"), source.Options{}); !errors.Is(err, source.ErrNotThere) {
		t.Errorf("got %v", err)
	}
}
