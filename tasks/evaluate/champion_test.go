package evaluate

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// The challenger is judged by customers that neither shadow has seen, in the champion's space, whatever space it has itself.
func TestFought(t *testing.T) {
	customers := modeltest.Customers(600, 1)
	champion := modeltest.Bundle(t, customers, 4, 1).Model
	fight := func(challenger model.Model, prepared ...string) duel {
		t.Helper()
		d, err := fought(customers, &champion, &challenger, prepared, 1)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	held := 0
	for _, key := range customers.Strings("customer") {
		if model.HeldOut(key) {
			held++
		}
	}
	same := fight(champion)
	if g := same.gain; same.unasked != "" || g.Customers != held || math.Abs(g.Share) > 1e-3 || same.champion != "shadow" || same.proven() {
		t.Errorf("against itself: %+v", same)
	}
	// Another scaling of the same axes moves no customer: the centroids are the same places.
	scaled := champion
	shadow := *champion.Shadow
	shadow.Space.Axes = slices.Clone(shadow.Space.Axes)
	shadow.Centroids = nil
	for _, c := range champion.Shadow.Centroids {
		shadow.Centroids = append(shadow.Centroids, slices.Clone(c))
	}
	for i := range shadow.Space.Axes {
		shadow.Space.Axes[i].Scale *= 4
		for _, c := range shadow.Centroids {
			c[i] /= 4
		}
	}
	scaled.Shadow = &shadow
	if d := fight(scaled); math.Abs(d.gain.Share-same.gain.Share) > 1e-9 {
		t.Errorf("in another scaling: %+v, want %+v", d.gain, same.gain)
	}
	// One whose segments are cut through the groups is worse, and shown to be; with its part it is the champion that loses.
	bad := champion
	cut := *champion.Shadow
	cut.Centroids = [][]float64{{0, 0, 0}, {0.1, 0, 0}, {0.2, 0, 0}, {0.3, 0, 0}}
	bad.Shadow = &cut
	lost := fight(bad)
	if g := championGate(&evidence{champion: good(t).champion, placed: good(t).placed, duel: &lost}); g.Verdict != contract.EvalFail {
		t.Errorf("a bad challenger: %+v", g)
	}
	d, err := fought(customers, &bad, &champion, nil, 1)
	if err != nil || !d.proven() {
		t.Errorf("against a bad champion: %+v, %v", d, err)
	}
	e := good(t)
	e.duel = &d
	if r := reasons(e); len(r) != 1 || r[0].Reason != contract.ReasonGain {
		t.Errorf("reasons %+v, want a gain", r)
	}
	// Without a shadow the champion stands for itself.
	old := champion
	old.Shadow = nil
	if d, err := fought(customers, &old, &champion, nil, 1); err != nil || d.unasked != "" || !strings.Contains(d.champion, "no shadow") {
		t.Errorf("a champion of an earlier version: %+v, %v", d, err)
	}
	if d := fight(old); !strings.Contains(d.unasked, "too few customers for a shadow") {
		t.Errorf("a challenger without a shadow: %+v", d)
	}
	if d := fight(champion, "window"); !strings.Contains(d.unasked, "prepared in another way (window)") {
		t.Errorf("prepared in another way: %+v", d)
	}
	if d, err := fought(customers.Take([]int{0, 1, 2, 3}), &champion, &champion, nil, 1); err != nil || !strings.Contains(d.unasked, "are held out") {
		t.Errorf("few customers: %+v, %v", d, err)
	}
}

// Where there is nothing to compare the absolute gates decide, and the gate says so.
func TestChampionGate(t *testing.T) {
	for what, change := range map[string]func(*evidence){
		"no champion":                    func(e *evidence) { e.champion = nil },
		"a champion that cannot be read": func(e *evidence) { e.unread = errors.New("damaged") },
		"another number of segments":     func(e *evidence) { e.duel.k[0], e.duel.gain.Low, e.duel.gain.High = 5, -0.3, -0.2 },
		"nothing asked":                  func(e *evidence) { e.duel.unasked = "only 3 customers are held out" },
	} {
		e := good(t)
		change(e)
		if g := championGate(e); g.Verdict != contract.EvalPass || !strings.Contains(g.Why, "the absolute gates decide") {
			t.Errorf("%s: %+v", what, g)
		}
	}
}
