package registry

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/fault"
)

// Ids are read one a line, each once, and a file that is none of such is refused without one of them in the message.
func TestCustomersToForget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.txt")
	write := func(text string) EraseConfig {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return EraseConfig{File: path}
	}
	if got, err := write("\ufeff12347\r\n\n  a@b.example \n12347\n").keys(t.Context(), nil); err != nil || !slices.Equal(got, []string{"12347", "a@b.example"}) {
		t.Errorf("%q, %v", got, err)
	}
	for want, c := range map[string]EraseConfig{
		"want one a line": write("\n \n"), "no such file": {File: path + "x"},
	} {
		if _, err := c.keys(t.Context(), nil); fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	_, err := write(strings.Repeat("12347\n", maxKeys/6+1)).keys(t.Context(), nil)
	if fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), "over 16 MiB") || strings.Contains(err.Error(), "12347") {
		t.Errorf("too many: %v", err)
	}
}
