package assets

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

// The library is what tools/plot.sh made, with whose it is: nobody has edited it since.
func TestPlotIsAsBuilt(t *testing.T) {
	sum := sha256.Sum256([]byte(plot))
	if got, want := hex.EncodeToString(sum[:]), "1473e31a1d33678d3924fbf4379dc9b93c8184f1484d2d9b7cc623ef938fde39"; got != want {
		t.Errorf("plot.js has SHA-256 %s, want %s: build it by tools/plot.sh", got, want)
	}
	for _, want := range []string{"/*! Observable Plot 0.6.17", "ISC License", "MIT License"} {
		if !strings.Contains(plot[:400], want) {
			t.Errorf("its head does not say %q", want)
		}
	}
}
