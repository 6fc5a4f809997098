package evaluate

import (
	"context"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
)

// The limits of the data gate. What it finds is a delivery that is missing or cut, not a quiet month.
const (
	volumeDays  = 28  // of one period: every day of the week counts four times
	volumePast  = 13  // earlier periods, at most: a year
	volumeLeast = 3   // earlier periods that the median must rest on
	volumeShare = 0.5 // of the median
)

// volume is how many lines the shop delivered.
type volume struct {
	now  int64   // in the last 28 days before as-of
	past []int64 // in the periods of 28 days before, the latest first
}

// volumeOf cuts the lines by day into periods that end at as-of. The first day of the shop's history cuts the oldest off.
func volumeOf(lines map[calendar.Date]int64, asOf calendar.Date) volume {
	v := volume{}
	if len(lines) == 0 {
		return v
	}
	first := asOf
	for day := range lines {
		first = min(first, day)
	}
	for end := asOf; len(v.past) <= volumePast && end-volumeDays >= first; end -= volumeDays {
		sum := int64(0)
		for day := end - volumeDays; day < end; day++ {
			sum += lines[day]
		}
		v.past = append(v.past, sum)
	}
	if len(v.past) > 0 {
		v.now, v.past = v.past[0], v.past[1:]
	}
	return v
}

// linesByDay reads how many lines the current snapshot has on each day; nil where preprocess has not written it.
func (j *job) linesByDay(ctx context.Context) (map[calendar.Date]int64, error) {
	if _, ok := j.preprocess.Objects[contract.Profile.Name]; !ok {
		return nil, nil
	}
	t, err := j.home.ReadTable(ctx, j.preprocess, contract.Profile, j.opts)
	if err != nil {
		return nil, err
	}
	days := map[calendar.Date]int64{}
	window, kind, day, lines := t.Strings("window"), t.Strings("kind"), t.Strings("day"), t.Ints("lines")
	for i := range window {
		if window[i] != contract.WindowSnapshot || kind[i] != contract.ProfileDay {
			continue
		}
		d, err := calendar.ParseDate(day[i])
		if err != nil {
			return nil, err
		}
		days[d] += lines[i]
	}
	return days, nil
}

// data: a model of half of the shop's lines is about half of the shop.
func data(e *evidence) contract.Gate {
	if len(e.volume.past) < volumeLeast {
		return judged(true, math.NaN(), volumeShare, "there are %d earlier periods of %d days to compare the last one with, %d are needed", len(e.volume.past), volumeDays, volumeLeast)
	}
	past := slices.Clone(e.volume.past)
	slices.Sort(past)
	median := float64(past[len(past)/2]+past[(len(past)-1)/2]) / 2
	if median == 0 {
		return judged(true, math.NaN(), volumeShare, "most of the earlier periods of %d days have no line", volumeDays)
	}
	share, ask := float64(e.volume.now)/median, ""
	if share < volumeShare {
		ask = ": is a delivery missing?"
	}
	return judged(share >= volumeShare, share, volumeShare,
		"the %d days before as-of have %d lines, %.0f %% of the %.0f that the median of the %d periods before has; at least %.0f %% is required%s",
		volumeDays, e.volume.now, 100*share, median, len(past), 100*volumeShare, ask)
}
