// Package assets has the page's style and scripts, and the policy that lets a browser run these scripts and no others.
package assets

import (
	"crypto/sha256"
	_ "embed" // the assets
	"encoding/base64"
)

// CSS is the page's style.
//
//go:embed page.css
var CSS string

//go:embed theme.js
var theme string

// Plot is the chart library, built by tools/plot.sh.
//
//go:embed plot.js
var plot string

//go:embed page.js
var shell string

//go:embed chart.js
var chart string

//go:embed levers.js
var levers string

//go:embed customers.js
var customers string

// Scripts are the page's scripts in the order in which they run: the first before the body is read, the others after it. The
// page's words and tables are read without them.
var Scripts = []string{theme, plot, shell, levers, customers, chart}

// Policy returns the content security policy of a page that embeds the style and these scripts: it loads nothing, connects to
// nothing, and runs a script only if its text is one of these, byte by byte. Styles are not hashed, because every picture sets
// some of its own.
func Policy(scripts ...string) string {
	policy := "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
	for i, s := range scripts {
		if i == 0 {
			policy += "; script-src"
		}
		sum := sha256.Sum256([]byte(s))
		policy += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return policy
}
