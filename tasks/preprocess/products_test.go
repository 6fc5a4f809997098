package preprocess

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// TestProducts by hand: codes that differ by case are one; a write-off's words, lines without a code and lines that are free do not count.
func TestProducts(t *testing.T) {
	lines := retailtest.CSV(t, `
1,22a,RED MUG,1,2011-01-03 10:00,1,7,UK
2,22A,BLUE MUG,1,2011-01-03 10:00,1,7,UK
3,22A ,BLUE MUG,1,2011-01-04 10:00,1,8,UK
4,22A,damaged,-9,2011-01-05 10:00,1,,UK
5,22A,damaged,9,2011-01-05 10:00,0,,UK
6,30,two,1,2011-01-05 10:00,1,7,UK
7,30,one,1,2011-01-06 10:00,1,,UK
8,30,,1,2011-01-06 10:00,1,7,UK
9,40,,1,2011-01-06 10:00,1,7,UK
10,,POSTAGE,1,2011-01-06 10:00,1,7,UK`)
	want := []string{"22A|BLUE MUG|2|3|2", "30|one|1|3|2", "40||0|1|0"}
	for try := range 5 {
		rand.New(rand.NewPCG(1, uint64(try))).Shuffle(len(lines), func(i, k int) { lines[i], lines[k] = lines[k], lines[i] })
		l := retailtest.Lines(t, lines)
		f, err := productsFrame(l)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, code := range f.Strings("code") {
			got = append(got, fmt.Sprintf("%s|%s|%d|%d|%d", code, f.Strings("description")[i], f.Ints("described")[i], f.Ints("lines")[i], f.Ints("descriptions")[i]))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
}
