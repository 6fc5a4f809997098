package run_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/run"
)

// TestInsert: one entry an as-of, the latest first, that of the highest revision of HEAD; whatever the order in which runs came.
func TestInsert(t *testing.T) {
	tries := 0
	rapid.Check(t, func(t *rapid.T) {
		tries++
		type made struct{ day, seq int }
		all := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) made {
			return made{rapid.IntRange(1, 5).Draw(t, "day"), rapid.IntRange(1, 3).Draw(t, "seq")}
		}), 1, 8, func(m made) made { return m }).Draw(t, "made")
		home, err := run.OpenHome(t.Context(), fmt.Sprintf("mem://insert-%d", tries), "", "segments", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer home.Close()
		path := contract.ScoreStatePath("segments")
		most := map[int]int{}
		for _, m := range all {
			e := run.Entry[run.ScoreState]{
				Run: contract.NewRun("test", calendar.Date(m.day), fmt.Sprint(m.seq)).String(), AsOf: calendar.Date(m.day), Key: "k", Value: run.ScoreState{Seq: int64(m.seq)},
			}
			for i := range 2 { // the second time it is there, or outdone
				changed, err := run.Insert(t.Context(), home.Root, path, e, run.KeepScore, func(s run.ScoreState) int64 { return s.Seq })
				if err != nil || changed && (i > 0 || m.seq < most[m.day]) {
					t.Fatalf("%+v, time %d: changed %v, %v", m, i+1, changed, err)
				}
			}
			most[m.day] = max(most[m.day], m.seq)
		}
		s, err := run.ReadState[run.ScoreState](t.Context(), home.Root, path)
		if err != nil || len(s.Entries) != len(most) {
			t.Fatalf("%d entries, %v; want %d", len(s.Entries), err, len(most))
		}
		for i, e := range s.Entries {
			if int(e.Value.Seq) != most[int(e.AsOf)] || i > 0 && e.AsOf >= s.Entries[i-1].AsOf {
				t.Fatalf("entries %+v, want the highest of each day: %v", s.Entries, most)
			}
		}
		for day := calendar.Date(1); day < 8; day++ {
			want := calendar.Date(0)
			for d := range most {
				if calendar.Date(d) < day {
					want = max(want, calendar.Date(d))
				}
			}
			if got := s.Earlier(day); (got == nil) != (want == 0) || got != nil && got.AsOf != want {
				t.Fatalf("before %d: %+v, want the entry of %d", day, got, want)
			}
		}
	})
}

func TestInsertForgetsTheOldest(t *testing.T) {
	home, err := run.OpenHome(t.Context(), "mem://"+t.Name(), "", "segments", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	keep := run.Keep{Entries: 2, OneAnAsOf: true}
	for _, test := range []struct {
		day     calendar.Date
		changed bool
	}{{5, true}, {7, true}, {6, true}, {4, false}} {
		e := run.Entry[run.ScoreState]{Run: contract.NewRun("test", test.day, "r").String(), AsOf: test.day, Key: "k"}
		changed, err := run.Insert(t.Context(), home.Root, "s.json", e, keep, func(s run.ScoreState) int64 { return s.Seq })
		if err != nil || changed != test.changed {
			t.Errorf("day %d: changed %v, %v", test.day, changed, err)
		}
	}
	s, err := run.ReadState[run.ScoreState](t.Context(), home.Root, "s.json")
	if err != nil || len(s.Entries) != 2 || s.Entries[0].AsOf != 7 || s.Entries[1].AsOf != 6 {
		t.Errorf("entries %+v, %v; want those of 7 and 6", s.Entries, err)
	}
}

// TestInsertWeekly: one entry a calendar week, that of the latest as-of, whatever the order. 1970-01-05, day 4, is a Monday.
func TestInsertWeekly(t *testing.T) {
	type made struct{ day, seq int }
	for i, c := range []struct{ all, want []made }{
		{[]made{{4, 1}, {10, 1}}, []made{{10, 1}}},                           // Monday, Sunday
		{[]made{{10, 1}, {4, 2}}, []made{{10, 1}}},                           // the later day stays, though the earlier has a higher seq
		{[]made{{10, 1}, {11, 1}}, []made{{11, 1}, {10, 1}}},                 // Sunday, Monday
		{[]made{{11, 2}, {11, 1}, {3, 1}}, []made{{11, 2}, {3, 1}}},          // of one day the higher seq
		{[]made{{20, 1}, {3, 1}, {11, 1}}, []made{{20, 1}, {11, 1}, {3, 1}}}, // the latest first
	} {
		home, err := run.OpenHome(t.Context(), fmt.Sprintf("mem://weekly-%d", i), "", "segments", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer home.Close()
		path := contract.HistoryStatePath("segments")
		for _, m := range c.all {
			if _, err := run.Insert(t.Context(), home.Root, path, run.Entry[run.WeekState]{
				Run: contract.NewRun("test", calendar.Date(m.day), fmt.Sprint(m.seq)).String(), AsOf: calendar.Date(m.day), Key: "k", Value: run.WeekState{Seq: int64(m.seq)},
			}, run.KeepHistory, func(s run.WeekState) int64 { return s.Seq }); err != nil {
				t.Fatal(err)
			}
		}
		s, err := run.ReadState[run.WeekState](t.Context(), home.Root, path)
		if err != nil {
			t.Fatal(err)
		}
		var got []made
		for _, e := range s.Entries {
			got = append(got, made{int(e.AsOf), int(e.Value.Seq)})
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("after %v: %v, want %v", c.all, got, c.want)
		}
	}
}
