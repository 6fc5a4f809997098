package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report"
	"github.com/clientele/clientele/pkg/report/assets"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/report/view/viewtest"
)

func TestEverySegmentIsThere(t *testing.T) {
	d := viewtest.Sample(t)
	page := parse(t, render(t, d))
	rows := table(t, page, "Segments by customers and revenue")
	if len(rows) != 1+len(d.Score.Segments)+1 {
		t.Fatalf("%d rows, want head, %d segments and all", len(rows), len(d.Score.Segments))
	}
	var customers, revenue int64
	for i, g := range d.Score.Segments {
		row := rows[i+1]
		if row[0] != g.Name || row[1] != g.ID {
			t.Errorf("row %d is %v, want %s %s", i, row, g.Name, g.ID)
		}
		customers += whole(t, row[2])
		revenue += whole(t, row[4])
	}
	all := rows[len(rows)-1]
	if customers != d.Preprocess.Customers || whole(t, all[2]) != customers {
		t.Errorf("segments have %d customers, all says %s, preprocess %d", customers, all[2], d.Preprocess.Customers)
	}
	if off := math.Abs(float64(revenue - whole(t, all[4]))); off > float64(len(d.Score.Segments)) {
		t.Errorf("revenue of segments %d, of all %s: apart by more than rounding", revenue, all[4])
	}
	for _, g := range d.Score.Segments {
		var cards int
		for _, h := range find(page, "h3") {
			if strings.HasSuffix(h.text, " "+g.ID) {
				cards++
			}
		}
		if cards != 1 {
			t.Errorf("%d cards for %s, want 1", cards, g.ID)
		}
	}
}

// Two segments of one name are told apart wherever only the name is shown.
func TestSegmentsNamedAlike(t *testing.T) {
	d := viewtest.Sample(t)
	d.Score.Segments[1].Name = "Champions"
	rows := table(t, parse(t, render(t, d)), "Profile")
	if got, want := strings.Join(rows[0], "|"), "Average|Champions (seg-0001)|Champions (seg-0002)|Hibernating|Promising|All"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
}

// The profile's column of all customers is the mean of the segments' means, weighted by customers.
func TestProfileComparesWithAll(t *testing.T) {
	rows := table(t, parse(t, render(t, viewtest.Sample(t))), "Profile")
	for _, want := range []struct{ title, first, all string }{
		{"Invoices", "13.7 3.2 × all", "4.24"},                  // (726·13.7 + 1163·4.21 + 1521·1.31 + 913·1.63) / 4323 = 4.2385
		{"Spending", "£7,731 4.0 × all", "£1,922"},              // 5612403.17 / 726 = 7730.58; 8309328.59 / 4323 = 1922.12
		{"Share of value returned", "3.1 % 1.2 × all", "2.7 %"}, // (726·.031 + 1163·.026 + 1521·.034 + 913·.012) / 4323 = .026698
		{"Days between purchases", "28 days", "–"},              // only some customers have one: no mean of all can be had
	} {
		i := slices.IndexFunc(rows, func(r []string) bool { return r[0] == want.title })
		if i < 0 {
			t.Errorf("no line %q", want.title)
			continue
		}
		if r := rows[i]; r[1] != want.first || r[len(r)-1] != want.all {
			t.Errorf("%s: first %q and all %q, want %q and %q", want.title, r[1], r[len(r)-1], want.first, want.all)
		}
	}
}

func TestLedgerAddsUp(t *testing.T) {
	d := viewtest.Sample(t)
	page := parse(t, render(t, d))
	rows := table(t, page, "Ledger")
	if len(rows) != 1+len(d.Preprocess.Ledger) {
		t.Fatalf("%d rows, want %d", len(rows), 1+len(d.Preprocess.Ledger))
	}
	var lines, amount int64
	for i, r := range d.Preprocess.Ledger {
		row := rows[i+1]
		if !strings.HasPrefix(row[0], strings.ReplaceAll(r.Rule, "_", " ")) {
			t.Errorf("row %d is %q, want %q", i, row[0], r.Rule)
		}
		if i > 0 {
			lines += whole(t, row[1])
			amount += whole(t, row[4])
		}
	}
	// Amounts on the page have three decimals here, as the input needs: £9,747,747.934.
	if lines != whole(t, rows[1][1]) || amount != whole(t, rows[1][4]) || amount != 9_747_747_934 {
		t.Errorf("rows add up to %d lines and %d, input is %s and %s", lines, amount, rows[1][1], rows[1][4])
	}
	if !strings.Contains(textOf(page), "Removed and kept lines add up exactly to the input: 541,909 lines and £9,747,747.934.") {
		t.Error("the page does not say that the ledger adds up")
	}
	d.Preprocess.Ledger[1].Lines--
	if got := textOf(parse(t, render(t, d))); !strings.Contains(got, "The ledger does not add up: the input has 541,909 lines") || strings.Contains(got, "add up exactly") {
		t.Error("the page hides that the ledger does not add up")
	}
}

func TestChainIsShown(t *testing.T) {
	rows := table(t, parse(t, render(t, viewtest.Sample(t))), "From the delivery to the kept lines")
	if got, want := strings.Join(rows[len(rows)-1], "|"), "kept|393,444|£8,309,328.590"; len(rows) != 9 || got != want {
		t.Errorf("%d rows, the last %s; want %s", len(rows), got, want)
	}
}

// Lines in other currencies are a part of the window, each with the amount as it was delivered.
func TestConvertedIsShown(t *testing.T) {
	d := viewtest.Sample(t)
	d.Preprocess.Converted = []contract.Converted{{Currency: "EUR", Records: 1_200, Original: 10_000_000, Amount: 8_534_500}}
	rows := table(t, parse(t, render(t, d)), "From the delivery to the kept lines")
	if got := strings.Join(rows[7], "|"); len(rows) != 10 || !strings.Contains(got, "of it, from EUR") || !strings.Contains(got, "€1,000.00") || !strings.Contains(got, "1,200|£853.45") {
		t.Errorf("%d rows: %q", len(rows), rows)
	}
}

// A page that reaches out would be blank on a plane, and would tell somebody who reads it.
func TestNothingFromOutside(t *testing.T) {
	for name, d := range map[string]view.Inputs{"full": viewtest.Sample(t), "least": {}} {
		page := render(t, d)
		// What is left are names of XML, which nobody fetches.
		s := strings.ReplaceAll(string(page), "http://www.w3.org/", "")
		for _, outside := range []string{"http://", "https://", "url(http", "@import"} {
			if strings.Contains(s, outside) {
				t.Errorf("%s: the page has %s", name, outside)
			}
		}
		ids := map[string]bool{}
		n := parse(t, page)
		for _, e := range find(n, "") {
			switch e.Data {
			case "link", "img", "iframe", "object", "embed", "image", "use", "form":
				t.Errorf("%s: element %s", name, e.Data)
			}
			for _, a := range e.Attr {
				if a.Key == "src" || a.Key == "style" && strings.Contains(a.Val, "url") || strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("%s: attribute %s=%q", name, a.Key, a.Val)
				}
				if a.Key == "id" {
					if ids[a.Val] {
						t.Errorf("%s: id %s twice", name, a.Val)
					}
					ids[a.Val] = true
				}
			}
		}
		for _, a := range find(n, "a") {
			if !ids[strings.TrimPrefix(a.attr("href"), "#")] {
				t.Errorf("%s: link to nothing: %s", name, a.attr("href"))
			}
		}
	}
}

// The page runs its own scripts and no others: its policy names the hash of each, which the browser computes from the text of the
// element as it is here. What is no script, the numbers of charts, is not run.
func TestPolicyAllowsThePagesScripts(t *testing.T) {
	for name, d := range map[string]view.Inputs{"full": viewtest.Sample(t), "least": {}} {
		n := parse(t, render(t, d))
		policy := ""
		for _, e := range find(n, "meta") {
			if e.attr("http-equiv") == "Content-Security-Policy" {
				policy = e.attr("content")
			}
		}
		want := "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; script-src"
		for _, e := range find(n, "script") {
			if e.attr("type") == "application/json" {
				continue
			}
			if len(e.Attr) > 0 {
				t.Errorf("%s: a script with attributes %v", name, e.Attr)
			}
			sum := sha256.Sum256([]byte(e.FirstChild.Data))
			want += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		}
		if policy != want || !strings.Contains(want, "sha256") {
			t.Errorf("%s: the policy is %q, the page needs %q", name, policy, want)
		}
	}
}

func TestReadByEar(t *testing.T) {
	n := parse(t, render(t, viewtest.Sample(t)))
	if h := find(n, "h1"); len(h) != 1 {
		t.Errorf("%d h1, want 1", len(h))
	}
	if got := find(n, "html")[0].attr("lang"); got != "en" {
		t.Errorf("language %q", got)
	}
	for _, s := range find(n, "svg") {
		if s.attr("aria-hidden") != "true" && (s.attr("role") != "img" || len(s.attr("aria-label")) < 20) {
			t.Errorf("picture without words: %q", s.attr("aria-label"))
		}
	}
	charts := 0
	for _, e := range find(n, "div") {
		if strings.HasPrefix(e.attr("class"), "chart ") {
			if charts++; e.attr("role") != "img" || len(e.attr("aria-label")) < 20 {
				t.Errorf("chart %s without words: %q", e.attr("id"), e.attr("aria-label"))
			}
		}
	}
	if charts != 3 { // power, elbow, silhouette: the sample has no tables of explore
		t.Errorf("%d charts, want 3", charts)
	}
	for _, e := range find(n, "table") {
		if c := find(e.Node, "caption"); len(c) != 1 || c[0].text == "" {
			t.Error("table without a caption")
		}
		for _, h := range find(e.Node, "th") {
			if h.attr("scope") == "" || h.text == "" {
				t.Errorf("heading cell %q of scope %q", h.text, h.attr("scope"))
			}
		}
	}
}

// Eight sections in the order in which they are asked for, each in the navigation, each with an answer as its heading.
func TestEightSections(t *testing.T) {
	for name, d := range map[string]view.Inputs{"full": viewtest.Sample(t), "least": {}} {
		n := parse(t, render(t, d))
		var ids, links []string
		for _, s := range find(n, "section") {
			ids = append(ids, s.attr("id"))
			if h := find(s.Node, "h2"); len(h) != 1 || h[0].text == "" {
				t.Errorf("%s: section %s has %d headings", name, s.attr("id"), len(h))
			}
		}
		for _, a := range find(n, "a") {
			if tab := a.attr("data-tab"); tab != "" {
				links = append(links, tab)
			}
		}
		if want := "today segments customers products goal drift data model"; strings.Join(ids, " ") != want || strings.Join(links, " ") != want {
			t.Errorf("%s: sections %v, navigation %v", name, ids, links)
		}
	}
}

// Two tables or charts of one id could not be told apart by the scripts, nor could two of one name by those who hear the page.
func TestIDsAreUnique(t *testing.T) {
	n := parse(t, render(t, viewtest.Sample(t)))
	ids, captions := map[string]bool{}, map[string]bool{}
	for _, e := range find(n, "") {
		if id := e.attr("id"); id != "" && ids[id] {
			t.Errorf("id %s twice", id)
		} else {
			ids[id] = true
		}
		if e.Data == "caption" && captions[e.text] {
			t.Errorf("caption %q twice", e.text)
		} else if e.Data == "caption" {
			captions[e.text] = true
		}
		if of := e.attr("data-save"); strings.HasPrefix(of, "table:") {
			if id := strings.Split(of, ":")[1]; id == "" {
				t.Errorf("a table without an id is saved: %s", of)
			}
		}
	}
}

// Every colour of a picture must be one of the page's, or it would be lost in the dark.
func TestPicturesTakeThePagesColours(t *testing.T) {
	page := string(render(t, viewtest.Sample(t)))
	for _, svg := range strings.Split(page, "<svg")[1:] {
		svg, _, _ = strings.Cut(svg, "</svg>")
		for _, fixed := range []string{"rgb(", "rgba(", "fill:", "fill=\"#", "stroke=\"#", "black", "white"} {
			if strings.Contains(svg, fixed) {
				t.Errorf("a picture has %q: %s", fixed, svg)
			}
		}
	}
	if !strings.Contains(page, "light-dark(") || !strings.Contains(page, "@media print") {
		t.Error("no style for the dark or for paper")
	}
}

func TestSameDataSameBytes(t *testing.T) {
	want := render(t, viewtest.Sample(t))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			var b bytes.Buffer
			if err := report.Page(&b, view.New(viewtest.Sample(t))); err != nil || !bytes.Equal(b.Bytes(), want) {
				t.Errorf("another page from the same data (%v)", err)
			}
		})
	}
	group.Wait()
}

func TestHostileNamesAreText(t *testing.T) {
	evil := `<script>alert(1)</script>"><img src=x onerror=alert(1)>'&{{.}}]]>`
	d := viewtest.Sample(t)
	d.Title, d.Run, d.Currency, d.Zone = evil, evil, evil, evil
	d.Ingest.Source, d.Ingest.Quarantine[0].Rule = evil, evil
	d.Preprocess.Ledger[1].Rule = evil
	d.Drift.Cause, d.Drift.Features[0].Feature, d.Drift.Features[0].Verdict = evil, evil, evil
	d.Train.Rule, d.Train.Findings = evil, []string{evil}
	d.Evaluate.Gates[0].Why, d.Evaluate.Gates[0].Gate = evil, evil
	d.Promote.Why, d.Promote.Action = evil, evil
	d.Score.Segments[0].Name, d.Score.Segments[1].ID = evil, evil
	d.Movers[0].Kind, d.Movers[0].From = evil, evil
	d.Stale = []string{evil}
	d.Steps[0] = view.Step{Name: evil, Run: evil, Key: evil, Code: evil, Inputs: map[string]string{evil: evil}, Params: map[string]any{evil: evil}}
	n := parse(t, render(t, d))
	if scripts, own := len(find(n, "script")), len(assets.Scripts)+1; scripts != own { // and the numbers of charts
		t.Errorf("%d scripts, want the page's own %d", scripts, own)
	}
	for _, e := range find(n, "") {
		if e.Data == "img" {
			t.Errorf("element %s made of a name", e.Data)
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("attribute %s made of a name", a.Key)
			}
		}
	}
	if h := find(n, "h1")[0]; h.text != evil {
		t.Errorf("title is %q", h.text)
	}
	if rows := table(t, n, "Segments by customers"); rows[1][0] != evil {
		t.Errorf("segment's name is %q", rows[1][0])
	}
}

// Whatever a run found, there is a page, and it claims a ledger that adds up only where it does.
func TestAnyRunHasAPage(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := viewtest.Sample(t)
		share := rapid.Float64Range(0, 1)
		number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -1e-300}))
		text := rapid.String()
		d.Preprocess.Ledger = rapid.SliceOfN(rapid.Custom(func(r *rapid.T) contract.LedgerRow {
			return contract.LedgerRow{Rule: text.Draw(r, "rule"), Lines: rapid.Int64Range(0, 9).Draw(r, "lines"), Amount: money.Amount(rapid.Int64Range(-3, 3).Draw(r, "amount"))}
		}), 0, 6).Draw(r, "ledger")
		d.Score.Segments = rapid.SliceOfN(rapid.Custom(func(r *rapid.T) contract.SegmentResult {
			return contract.SegmentResult{ID: text.Draw(r, "id"), Name: text.Draw(r, "name"), Customers: rapid.Int64Range(0, 1<<40).Draw(r, "customers"),
				Share: share.Draw(r, "share"), RevenueShare: share.Draw(r, "revenue share")}
		}), 0, 11).Draw(r, "segments")
		d.Segments = viewtest.Profile(d.Score.Segments)
		d.Drift.Features = d.Drift.Features[:4]
		for i := range d.Drift.Features {
			d.Drift.Features[i].PSI = number.Draw(r, "psi")
		}
		d.Train.K = rapid.IntRange(-1, 12).Draw(r, "k")
		d.Train.Sweep = d.Train.Sweep[:rapid.IntRange(0, 9).Draw(r, "swept")]
		for i := range d.Train.Sweep {
			d.Train.Sweep[i].Inertia = number.Draw(r, "inertia")
			if v := number.Draw(r, "silhouette"); v == v {
				d.Train.Sweep[i].Silhouette = &v
			} else {
				d.Train.Sweep[i].Silhouette = nil
			}
		}
		page := textOf(parse(r, render(r, d)))
		var lines int64
		var amount money.Amount
		for _, row := range d.Preprocess.Ledger {
			lines += row.Lines
			amount += row.Amount
		}
		l := d.Preprocess.Ledger
		adds := len(l) > 1 && lines == 2*l[0].Lines && amount == 2*l[0].Amount
		if says := strings.Contains(page, "add up exactly to the input"); says != adds {
			r.Fatalf("page says that the ledger adds up: %v, it does: %v", says, adds)
		}
	})
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestFailedWriteIsAnError(t *testing.T) {
	if err := report.Page(broken{}, view.New(viewtest.Sample(t))); err == nil {
		t.Error("no error")
	}
}
