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
		end, quoted, done, opened, fields := 0, false, false, 0, 0
		for ; end < len(text) && !done; end++ {
			if !quoted && text[end] == '"' && (end == 0 || text[end-1] == ',') {
				opened = end
				if line := slowStray(text, opened, fields, limit); line >= 0 {
					break
				}
			}
			switch c := text[end]; {
			case quoted && c == '"' && end+1 < len(text) && text[end+1] == '"':
				end++
			case quoted && c == '"':
				quoted = false
			case !quoted && c == '"' && (end == 0 || text[end-1] == ','):
				quoted = true
			case !quoted && c == ',':
				fields++
			case !quoted && c == '\n':
				done = true
				end--
			}
		}
		if end < len(text) && !done { // a stray quote
			line := slowStray(text, opened, fields, limit)
			add(text[:line])
			text = text[line+1:]
			continue
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

// slowStray returns the end of the line of the quote at open, if that is stray by the words of stray's comment, or else -1.
func slowStray(text string, open, fields, limit int) int {
	const separators = 7
	inside, behind, closed := text[open+1:], "", false
	for i := 0; i < len(inside); i++ {
		if inside[i] != '"' {
			continue
		}
		if i+1 < len(inside) && inside[i+1] == '"' {
			i++
			continue
		}
		inside, behind, closed = inside[:i], inside[i+1:], true
		break
	}
	if end := open + 1 + len(inside) + 1; end > limit {
		inside, closed = text[open+1:max(open+1, min(len(text), limit))], false
	}
	own, swallowed, found := strings.Cut(inside, "\n")
	n := fields + strings.Count(own, ",")
	if !found || n < separators {
		return -1
	}
	line, _, _ := strings.Cut(behind, "\n")
	clean := closed && (behind == "" || behind == "\r" || strings.ContainsAny(behind[:1], ",\n") || strings.HasPrefix(behind, "\r\n"))
	if !clean && slowValues(own) >= 2 {
		return open + 1 + len(own)
	}
	exact := clean && slowValues(own) < 2
	if closed {
		swallowed += `"` + line
		if over := open + 1 + len(own) + 1 + len(swallowed) - limit; over > 0 {
			swallowed = swallowed[:max(len(swallowed)-over, len(swallowed)-len(line))]
		}
	}
	for line := range strings.SplitSeq(swallowed, "\n") {
		k := strings.Count(line, ",")
		if k >= separators && slowValues(line) >= 2 && (!exact || n == separators && k == separators) {
			return open + 1 + len(own)
		}
	}
	return -1
}

// slowValues counts the fields that have a digit and no letter.
func slowValues(line string) (n int) {
	for field := range strings.SplitSeq(line, ",") {
		if strings.ContainsAny(field, "0123456789") && strings.ToLower(field) == strings.ToUpper(field) {
			n++
		}
	}
	return n
}

func TestReadCutsAsTold(t *testing.T) {
	const limit = 95 // the header must fit
	rapid.Check(t, func(t *rapid.T) {
		// Pieces that meet in every way; the long ones reach over the bound.
		pieces := []string{`"`, `""`, `"""`, ",", "\n", "\r\n", "a", "é", ",\"", "\",", "\"\n", "\n\"", strings.Repeat("x", 40), strings.Repeat("y\n", 15),
			"1,2,a,4,5,6,7,8\n", "1,2,\"a,4,5,6,7,8\n", "1,2,a\",4,5,6,7,8\n", "1,2,a,b,c,6,7,\"x\n", "a,b,,\"c\"\",d\n", "1,2,\"a,b\",4,5,6,7,8\n", ",,,,,,,"}
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
