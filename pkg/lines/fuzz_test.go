package lines_test

import (
	"context"
	"errors"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
)

// FuzzRead: whatever is stored under its hash, reading it as a snapshot gives one whose parts can be asked for, or an error.
func FuzzRead(f *testing.F) {
	root, err := objstore.Open(context.Background(), "mem://fuzz-lines", nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		`{"version":2,"zone":"Europe/London","currency":"GBP","parts":[]}`, `{"version":2,"parts":[{"source":"shop","from":"2010-12-01","to":"2010-12-02","sha256":"00","rows":1,"amount":"1.0000"}]}`,
		`{"version":1,"zone":"Europe/London","currency":"GBP","partitions":[{"source":"shop","day":"2010-12-01","object":"x","rows":1,"sha256":"00","delivery":"d"}]}`, `null`, `{}`, `[`, "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		hash := contract.SHA256(text)
		if _, err := root.CreateBytes(t.Context(), contract.SnapshotPath(hash), text); err != nil && !errors.Is(err, objstore.ErrExists) {
			t.Fatal(err)
		}
		s, err := lines.Read(t.Context(), root, hash)
		if err != nil {
			return
		}
		first, last, ok := s.Days()
		if ok && first > last {
			t.Fatalf("days from %s to %s", first, last)
		}
		_, _, _ = s.All(t.Context())
	})
}
