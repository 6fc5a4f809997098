// Package assets has the page's style and script, and the policy that lets a browser run this script and no other.
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

// Script is the page's script. The page reads well without it.
//
//go:embed page.js
var Script string

// Policy returns the content security policy of a page that embeds the style and these scripts: it loads nothing, connects to
// nothing, and runs a script only if its text is one of these, byte by byte. Styles are not hashed, because every picture sets
// some of its own.
func Policy(scripts ...string) string {
	policy := "default-src 'none'; style-src 'unsafe-inline'"
	for i, s := range scripts {
		if i == 0 {
			policy += "; script-src"
		}
		sum := sha256.Sum256([]byte(s))
		policy += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return policy
}
