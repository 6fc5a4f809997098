package pipeline

import "testing"

func TestALinkHasNoSpaces(t *testing.T) {
	for uri, want := range map[string]string{
		"file:///home/a shop/report.html": "file:///home/a%20shop/report.html",
		"file:///srv/report.html":         "file:///srv/report.html",
		"gs://bucket/report.html":         "gs://bucket/report.html",
	} {
		if got := link(uri); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}
