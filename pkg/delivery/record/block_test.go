package record_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
	"github.com/clientele/clientele/pkg/delivery/text"
)

// FuzzRun: a damaged spool is an error.
func FuzzRun(f *testing.F) {
	_, _ = text.Read(f.Context(), strings.NewReader(recordtest.Header+recordtest.Good+recordtest.Good), record.Options{}, func(b *record.Block) error {
		f.Add(bytes.Clone(b.Runs[0].Data), 2)
		return nil
	})
	stop := errors.New("stop")
	f.Fuzz(func(t *testing.T, data []byte, rows int) {
		n := 0
		_ = record.Run{Data: data, Rows: rows}.Each(func(l *record.Line) error {
			if n += len(l.Code); n > len(data) {
				t.Fatal("more text than bytes")
			}
			if n++; n > 1000 {
				return stop
			}
			return nil
		})
	})
}
