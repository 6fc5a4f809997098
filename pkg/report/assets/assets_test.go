package assets_test

import (
	"testing"

	"github.com/clientele/clientele/pkg/report/assets"
)

func TestPolicy(t *testing.T) {
	// The script and its hash are the example of Content Security Policy Level 3, section 2.3.1.
	const script, hash = "alert('Hello, world.');", "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
	const nothing = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
	// The hash of no bytes is FIPS 180-4's e3b0c442…b855 in base64.
	const empty = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
	for _, c := range []struct {
		scripts []string
		want    string
	}{
		{nil, nothing},
		{[]string{script}, nothing + "; script-src " + hash},
		{[]string{script, ""}, nothing + "; script-src " + hash + " " + empty},
	} {
		if got := assets.Policy(c.scripts...); got != c.want {
			t.Errorf("policy of %q is %q, want %q", c.scripts, got, c.want)
		}
	}
}
