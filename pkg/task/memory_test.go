package task

import (
	"runtime/debug"
	"testing"
)

func TestBallastTakesItselfBack(t *testing.T) {
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	before := percent()
	undo := Ballast()
	if percent() == before {
		t.Error("with ballast the collector works as before")
	}
	if undo(); percent() != before {
		t.Errorf("%d percent afterwards, %d before", percent(), before)
	}
}
