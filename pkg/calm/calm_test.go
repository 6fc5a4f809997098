package calm_test

import (
	"runtime/debug"
	"testing"

	"github.com/clientele/clientele/pkg/calm"
)

// TestGC: Normal gives back what Go or the environment had, Ballast takes itself back.
func TestGC(t *testing.T) {
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	calm.Normal()
	normal := percent()
	undo := calm.Ballast()
	if percent() == normal && normal != 50 {
		t.Error("with ballast the collector works as before")
	}
	if undo(); percent() != normal {
		t.Errorf("%d percent afterwards, %d before", percent(), normal)
	}
}

// TestLargePages: the advice changes no content, whatever the slice.
func TestLargePages(t *testing.T) {
	for _, n := range []int{0, 1, 1 << 10, 1<<20 + 1} {
		s := make([]int64, n)
		for i := range s {
			s[i] = int64(i)
		}
		calm.LargePages(s)
		for i, v := range s {
			if v != int64(i) {
				t.Fatalf("%d of %d is %d", i, n, v)
			}
		}
	}
}
