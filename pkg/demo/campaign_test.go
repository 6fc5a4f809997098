package demo_test

import (
	"math"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/money"
)

func campaign(t testing.TB, s string) *demo.Campaign {
	t.Helper()
	c, err := demo.ParseCampaign(s)
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// The campaign makes the orders of those who got it larger by its effect, and changes nothing else. What it truly did is
// known to the penny, from the shop without it.
func TestCampaign(t *testing.T) {
	o := options(t)
	clean, _ := write(t, o)
	before, _ := read(t, clean)
	o.Campaign = campaign(t, "0.10:0.5@2025-06-02..2025-06-29")
	data, truth := write(t, o)
	after, _ := read(t, data)
	p := plantedIn(t, truth)

	treated := map[string]bool{}
	for _, c := range p.Treated {
		treated[c] = true
	}
	if len(p.Treated) != p.Campaign.Customers {
		t.Errorf("%d customers got the offer, truth says %d", len(p.Treated), p.Campaign.Customers)
	}
	near(t, "treated", float64(len(treated))/float64(p.Customers), p.Campaign.Share, p.Customers)

	touched := func(r goodRecord) bool {
		return treated[r.customer] && p.Campaign.Has(day(r)) && r.price > 0 && r.quantity > 0 && !isFee(r)
	}
	var without, with money.Amount
	invoices := map[string]bool{}
	for i, r := range after {
		was := before[i] // a campaign adds no line
		if touched(r) {
			invoices[r.invoice] = true
			without += was.price * money.Amount(was.quantity)
			with += r.price * money.Amount(r.quantity)
			continue
		}
		if strings.HasPrefix(r.invoice, "C") && treated[r.customer] {
			was.quantity, was.price = r.quantity, r.price // what comes back is a part of what was sold
		}
		if r != was {
			t.Fatalf("%+v was %+v without the campaign", r, was)
		}
	}
	if without != p.Campaign.Without || with != p.Campaign.Amount || len(invoices) != p.Campaign.Invoices {
		t.Errorf("%d invoices of %s, %s without the campaign; truth %+v", len(invoices), with, without, p.Campaign)
	}
	// About 2,000 lines grow by a whole pack or not at all: the mean of that has an error of about 1 %.
	if effect := with.Float()/without.Float() - 1; math.Abs(effect-p.Campaign.Effect) > 0.03 {
		t.Errorf("the campaign made orders %.3f larger, planted %.3f", effect, p.Campaign.Effect)
	}
	if without := withoutSale(after); without != 0 {
		t.Errorf("%d returns have no sale", without)
	}
}

func TestParseCampaign(t *testing.T) {
	for text, want := range map[string]string{
		"0.10@2025-06-02..2025-06-29":   "0.1:0.5@2025-06-02..2025-06-29",
		"0.075:0.2@2025-06-02":          "0.075:0.2@2025-06-02",
		"10:1@2025-06-02":               "10:1@2025-06-02",
		"":                              `campaign "": want EFFECT`,
		"0.1":                           `campaign "0.1": want EFFECT`,
		"0@2025-06-02":                  `campaign "0@2025-06-02": want EFFECT`,
		"11@2025-06-02":                 `campaign "11@2025-06-02": want EFFECT`,
		"0.0001@2025-06-02":             `campaign "0.0001@2025-06-02": want EFFECT`,
		"0.1:1.5@2025-06-02":            `campaign "0.1:1.5@2025-06-02": want EFFECT`,
		"NaN@2025-06-02":                `campaign "NaN@2025-06-02": want EFFECT`,
		"0x1p-3@2025-06-02":             `campaign "0x1p-3@2025-06-02": want EFFECT`,
		"0.1@2025-06-31":                `campaign: parse date "2025-06-31"`,
		"0.1@2025-06-29..2025-06-02":    `campaign: days "2025-06-29..2025-06-02" end before they begin`,
		"0.1:0.5:0.5@2025-06-02":        `campaign "0.1:0.5:0.5@2025-06-02": want EFFECT`,
		"0.1:@2025-06-02":               `campaign "0.1:@2025-06-02": want EFFECT`,
		"0.1@2025-06-02@2025-06-03":     `campaign: parse date "2025-06-02@2025-06-03"`,
		"+0.1@2025-06-02..2025-06-02":   "0.1:0.5@2025-06-02",
		"1e-2:1e-1@2025-06-02":          "0.01:0.1@2025-06-02",
		"1_0@2025-06-02":                `campaign "1_0@2025-06-02": want EFFECT`,
		"Inf@2025-06-02":                `campaign "Inf@2025-06-02": want EFFECT`,
		"-0.1@2025-06-02":               `campaign "-0.1@2025-06-02": want EFFECT`,
		"0.1 @2025-06-02":               `campaign "0.1 @2025-06-02": want EFFECT`,
		"0.1@ 2025-06-02 .. 2025-06-03": `campaign: parse date " 2025-06-02 "`,
	} {
		c, err := demo.ParseCampaign(text)
		got := c.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) || err == nil && got != want {
			t.Errorf("ParseCampaign(%q) = %q, want %q", text, got, want)
		}
	}
}
