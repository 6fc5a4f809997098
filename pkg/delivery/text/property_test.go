package text_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
	"github.com/clientele/clientele/pkg/money"
)

// slowRecords cuts a text into records by the words of the splitter's comment, character by character.
func slowRecords(text string, limit int) (records []string) {
	add := func(record string) {
		if record = strings.TrimSuffix(record, "\r"); record != "" {
			records = append(records, record)
		}
	}
	for text != "" {
		end, quoted, done := 0, false, false
		for ; end < len(text) && !done; end++ {
			switch c := text[end]; {
			case quoted && c == '"' && end+1 < len(text) && text[end+1] == '"':
				end++
			case quoted && c == '"':
				quoted = false
			case !quoted && c == '"' && (end == 0 || text[end-1] == ','):
				quoted = true
			case !quoted && c == '\n':
				done = true
				end--
			}
		}
		if (done || !quoted) && end <= limit {
			add(text[:end])
			text = text[min(end+1, len(text)):]
			continue
		}
		window := len(text)
		if limit < len(text) {
			if nl := strings.IndexByte(text[limit:], '\n'); nl >= 0 {
				window = limit + nl + 1
			}
		}
		for l := range strings.SplitSeq(strings.TrimSuffix(text[:window], "\n"), "\n") {
			add(l)
		}
		text = text[window:]
	}
	return records
}

func TestReadCutsAsTold(t *testing.T) {
	const limit = 95 // the header must fit
	rapid.Check(t, func(t *rapid.T) {
		// Pieces that meet in every way; the long ones reach over the bound.
		pieces := []string{`"`, `""`, `"""`, ",", "\n", "\r\n", "a", "é", ",\"", "\",", "\"\n", "\n\"", strings.Repeat("x", 40), strings.Repeat("y\n", 15)}
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(t, "pieces"), "")
		o, err := read(t, strings.NewReader(recordtest.Header+text), record.Options{
			Chunk: rapid.IntRange(1, 250).Draw(t, "chunk"), Workers: 2, MaxRecord: limit,
		})
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, r := range o.Rejects {
			raw := r.Raw
			if strings.Contains(r.Rules, "record_too_long") {
				raw, _, _ = strings.Cut(raw, "…")
			}
			got = append(got, raw)
		}
		for _, r := range slowRecords(text, limit) {
			if len(r) > limit {
				r = strings.ToValidUTF8(r[:limit], "")
			}
			want = append(want, r)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q:\n%s", text, diff)
		}
	})
}

// drawn generates lines that break no rule.
func drawn(t *rapid.T) []recordtest.Line {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("aB 1,\"\n£\u00a0é漢;\t'")), 0, 12, -1)
	must := rapid.StringMatching(`[A-Za-z0-9 ]{0,4}[A-Za-z0-9][A-Za-z0-9 ]{0,4}`)
	n := rapid.IntRange(0, 30).Draw(t, "n")
	lines := make([]recordtest.Line, n)
	for i := range lines {
		lines[i] = recordtest.Line{
			Record: int64(i + 1), Invoice: must.Draw(t, "invoice"), Code: must.Draw(t, "code"), Description: text.Draw(t, "description"),
			Time:     rapid.Int64Range(0, 5*366*86400).Draw(t, "seconds") * 1_000_000,
			Quantity: money.Quantity(rapid.Int64Range(-1e9, 1e9).Draw(t, "quantity")),
			Price:    money.Price(rapid.Int64Range(-1e12, 1e12).Draw(t, "price")),
			Customer: rapid.SampledFrom([]string{"", "17850", "12346", "X.01"}).Draw(t, "customer"), Country: text.Draw(t, "country"),
		}
	}
	return lines
}

func asCSV(lines []recordtest.Line) []byte {
	var b bytes.Buffer
	b.WriteString(recordtest.Header)
	w := csv.NewWriter(&b)
	layout := "2006-01-02 15:04:05"
	for _, l := range lines {
		_ = w.Write([]string{l.Invoice, l.Code, l.Description, fmt.Sprint(l.Quantity), utc(l.Time).Format(layout), l.Price.String(), l.Customer, l.Country})
	}
	w.Flush()
	return b.Bytes()
}

func TestReadBringsWrittenLinesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawn(t)
		opts := record.Options{
			Chunk: rapid.IntRange(1, 400).Draw(t, "chunk"), Workers: rapid.IntRange(1, 3).Draw(t, "workers"),
			MaxRecord: rapid.SampledFrom([]int{0, 300}).Draw(t, "bound"),
		}
		o, err := read(t, bytes.NewReader(asCSV(want)), opts)
		if err != nil {
			t.Fatal(err)
		}
		if len(want) == 0 {
			want = nil
		}
		if diff := cmp.Diff(want, o.Lines); diff != "" || len(o.Rejects) > 0 {
			t.Fatalf("rejects %v\n%s", o.Rejects, diff)
		}
	})
}
