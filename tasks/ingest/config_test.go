package ingest

import (
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/intake"
)

// valid is a configuration that has no problem: the flags' defaults, and what must be given.
func valid() Config {
	return Config{
		Common:     task.Common{Root: "mem://shop", Name: "segments", Pipeline: "test", RunID: "r1", AsOf: "2011-12-10"},
		Config:     intake.Config{Source: "lines.csv", SourceTimeout: 120, Zone: "Europe/London", Currency: "GBP"},
		SourceName: "shop", Mode: modeReplace, MaxQuarantineShare: 0.02,
	}
}

func TestValidate(t *testing.T) {
	const snapshot = "fabb4ed47e2c52ccf24742b31201d0fa8630838788f45f0c5c63aa461c8e10c4"
	tests := []struct {
		name   string
		change func(*Config)
		want   string // "" for none
	}{
		{"valid", func(*Config) {}, ""},
		{"a URL", func(c *Config) { c.Source = "file:///data/lines.csv" }, ""},
		{"no source", func(c *Config) { c.Source = "" }, `--source: needs a path or a file://, https://, gs:// or bq:// URL (got "")`},
		{"a source of another kind", func(c *Config) { c.Source = "ftp://shop/lines.csv" }, "--source: ftp:// is not a kind of source; want a path"},
		{"undo", func(c *Config) { c.Source, c.Undo = "", snapshot }, ""},
		{"undo of no hash", func(c *Config) { c.Source, c.Undo = "", "latest" }, "--undo: want the 64 hex digits"},
		{"undo and a source", func(c *Config) { c.Undo = snapshot }, "--undo: takes nothing in"},
		{"source name for a path", func(c *Config) { c.SourceName = "../shop" }, "--source-name: want"},
		{"source name of the snapshots", func(c *Config) { c.SourceName = "index" }, "--source-name: want"},
		{"mode", func(c *Config) { c.Mode = "merge" }, "--mode: want replace, append or everything"},
		{"columns", func(c *Config) { c.Columns = "bill=Invoice" }, "--columns: "},
		{"date layout", func(c *Config) { c.DateLayout = "dd/mm/yyyy" }, "--date-layout: "},
		{"encoding", func(c *Config) { c.Encoding = "utf-16" }, "--encoding: "},
		{"zone", func(c *Config) { c.Zone = "London" }, "--zone: want an IANA time zone"},
		{"zone of this machine", func(c *Config) { c.Zone = "Local" }, "--zone: want an IANA time zone"},
		{"no zone", func(c *Config) { c.Zone = "" }, "--zone: want an IANA time zone"},
		{"currency", func(c *Config) { c.Currency = "gbp" }, "--currency: want"},
		{"share", func(c *Config) { c.MaxQuarantineShare = 2 }, "--max-quarantine-share: want 0 to 1 (got 2)"},
		{"a host of credentials", func(c *Config) { c.SourceHeaderHost = "shop.example, [::1]:8443" }, ""},
		{"a URL for a host", func(c *Config) { c.SourceHeaderHost = "https://shop.example" }, "--source-header-host: want a host such as"},
		{"a path behind a host", func(c *Config) { c.SourceHeaderHost = "shop.example/x" }, "--source-header-host: want a host such as"},
		{"a user before a host", func(c *Config) { c.SourceHeaderHost = "a@shop.example" }, "--source-header-host: want a host such as"},
		{"no host behind a comma", func(c *Config) { c.SourceHeaderHost = "shop.example," }, "--source-header-host: want a host such as"},
		{"common flags", func(c *Config) { c.AsOf = "today" }, "--as-of: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := valid()
			test.change(&c)
			err := c.Validate()
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") || fault.CodeOf(err) != fault.ExitUsage {
				t.Errorf("got %v, want %s… alone", err, test.want)
			}
		})
	}
	c := valid()
	c.Mode, c.CustomerKey = "x", "hunter2"
	err := c.Validate()
	if err == nil || strings.Count(err.Error(), "\n") != 1 || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("two problems, one of a secret: got %v", err)
	}
}

func TestFlagsAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Task.Describe().Flags {
		if seen[f.Name] || f.Usage == "" || f.Env != task.Env(f.Name) {
			t.Errorf("flag %+v is there twice, or has no usage or variable of its own", f)
		}
		seen[f.Name] = true
		if f.Secret != (f.Name == "customer-key") {
			t.Errorf("flag %s: secret is %v", f.Name, f.Secret)
		}
	}
}

func TestParametersHideTheKey(t *testing.T) {
	c := valid()
	c.CustomerKey = "0123456789abcdef"
	with, err := contract.Canonical(c.parameters(reading.Reading{}))
	if err != nil {
		t.Fatal(err)
	}
	c.CustomerKey = "0123456789abcdeg"
	other, err := contract.Canonical(c.parameters(reading.Reading{}))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(with), c.CustomerKey[:15]) || string(with) == string(other) {
		t.Errorf("got %s and %s", with, other)
	}
}
