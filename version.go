package clientele

import (
	_ "embed" // the version
	"strings"
)

//go:embed VERSION
var version string

// Version returns the version of this release, or of the next one with -dev (docs/releasing.md). It is a file of the commit
// and not the name of a tag, so that a commit has the same programs and image digests before it is tagged and after.
func Version() string { return strings.TrimSpace(version) }
