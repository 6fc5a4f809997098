package task

import (
	"testing"
	"time"
)

func TestToday(t *testing.T) {
	d := Deps{Now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	for zone, want := range map[string]string{
		"Europe/London": "2026-11-28", "Pacific/Auckland": "2026-11-29", "Pacific/Niue": "2026-11-28",
		"": "2026-11-29", "no/zone": "2026-11-29", // 02:00 in the Line Islands
	} {
		if got := d.Today(zone).String(); got != want {
			t.Errorf("in %q it is %s, want %s", zone, got, want)
		}
	}
}
