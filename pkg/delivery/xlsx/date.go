package xlsx

import (
	"github.com/clientele/clientele/pkg/delivery/record"
)

// isoLayouts are the times of cells of type d: ISO 8601 without a zone.
var isoLayouts = func() (layouts []record.Layout) {
	for _, text := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		l, err := record.ParseLayout(text)
		if err != nil {
			panic(err)
		}
		layouts = append(layouts, l)
	}
	return layouts
}()

// isoTime reads the time of a cell of type d, in microseconds since 1970-01-01T00:00. One in UTC is refused: a workbook
// does not know the shop's zone.
func isoTime(text []byte) (micros int64, ok bool) {
	for _, l := range isoLayouts {
		if micros, ok = l.Parse(text); ok {
			return micros, true
		}
	}
	return 0, false
}
