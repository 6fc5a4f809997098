package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/text"
	"github.com/clientele/clientele/pkg/scratch"
)

// BenchmarkSpoolDays spools a line a day: the time of a day must not depend on how many there are.
func BenchmarkSpoolDays(b *testing.B) {
	for _, days := range []int{10_000, 100_000, 250_000} {
		var t strings.Builder
		t.WriteString(header)
		for i, day := 0, time.Date(1300, 1, 1, 0, 0, 0, 0, time.UTC); i < days; i++ {
			fmt.Fprintf(&t, "%d,22007,ITEM,2,%s 10:00:00,1.50,12014,UK\n", i, day.AddDate(0, 0, i).Format(time.DateOnly))
		}
		b.Run(fmt.Sprint(days), func(b *testing.B) {
			for b.Loop() {
				s := newSpool(b.TempDir(), scratch.Budget(0).Lines())
				if _, err := text.Read(context.Background(), strings.NewReader(t.String()), record.Options{}, s.add); err != nil {
					b.Fatal(err)
				}
				if err := s.end(""); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*days), "ns/day")
		})
	}
}
