package task

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/clientele/clientele"
)

// commit is the VCS revision that a program in an image was built from: the linker sets it (tools/images.sh), from a clean
// tree only. Go's own stamp names the nearest tag too, and so would change an image's digest when its commit is tagged.
var commit string

// revision returns the VCS revision that the binary was built from, and whether it was built from exactly that.
func revision() (rev string, clean bool) {
	if commit != "" {
		return commit, true
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", false
	}
	modified := true
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			rev = s.Value
		case "vcs.modified":
			modified = s.Value != "false"
		}
	}
	return rev, rev != "" && !modified
}

// codeVersion names the code that makes a step's content: the VCS revision or, where the tree was modified or unknown, the
// binary itself.
func codeVersion() (string, error) {
	if rev, clean := revision(); clean {
		return rev, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program's file: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("hash this program: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("hash this program: %w", err)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// versionText is what --version prints.
func versionText() string {
	rev, clean := revision()
	switch {
	case rev == "":
		rev = "(no revision)"
	case !clean:
		rev += " (modified)"
	}
	return clientele.Version() + " " + rev + " " + runtime.Version()
}

// helpTemplate shows a program's flags with their variables, an example and the exit codes.
const helpTemplate = `{{.Name}} - {{.Usage}}
{{if .Description}}
{{.Description}}
{{end}}
example:
  {{.UsageText | nindent 2 | trim}}

flags (each has a variable: --some-flag is CLIENTELE_SOME_FLAG):
{{range .VisibleFlags}}  {{.}}
{{end}}
exit codes:
{{range index .Metadata "codes"}}  {{printf "%3d" .Code}}  {{.Meaning}}{{if and (ne .Code 0) (not .Retry)}} (never retried){{end}}
{{end}}`
