package audience_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/audience"
)

// FuzzParse: any text is lists or an error, and lists are read again as they were written.
func FuzzParse(f *testing.F) {
	for _, text := range []string{audience.Default, "", "late", "late; late", "regulars dates=0 from=30 to=20", "late dates=NaN", "late dates=1e309", "second_order from=14 from=15", "slipped a=b; ;", "late\u202e"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := audience.Parse(text)
		if err != nil {
			return
		}
		var written []string
		for _, r := range rules {
			written = append(written, r.String())
		}
		again, err := audience.Parse(strings.Join(written, "; "))
		if err != nil || !reflect.DeepEqual(rules, again) {
			t.Fatalf("%q are %v, and were read as %v, %v", text, written, again, err)
		}
	})
}
