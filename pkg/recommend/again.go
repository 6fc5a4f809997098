package recommend

import (
	"cmp"
	"slices"
)

// AgainTest is how well it is known what customers buy again.
type AgainTest struct {
	Customers  int     // who bought again, in the Test days after the cut, a code that they had bought before
	HR3, HR10  float64 // by purchase dates
	Latest3    float64 // by the latest purchase, for comparison
	Latest10   float64
	Calibrated []Calibration
	Expected   float64 // repeat purchases that the table predicted for all pairs
	Came       int
}

// Calibration compares the probabilities of the pairs of one class of dates with what came.
type Calibration struct {
	Dates     string  `json:"dates"`
	Pairs     int     `json:"pairs"`
	Predicted float64 `json:"predicted"`
	Bought    float64 `json:"bought"`
}

// habit is a code that a customer has bought: on how many dates, and how many days ago last.
type habit struct{ code, dates, since int32 }

// habits returns what she had bought before the day, by dates, then the latest, then code.
func habits(bought []purchase, day int32) []habit {
	var all []habit
	for i, p := range bought {
		if p.day >= day {
			continue
		}
		if i == 0 || bought[i-1].code != p.code {
			all = append(all, habit{code: p.code})
		}
		h := &all[len(all)-1]
		h.dates++
		h.since = day - p.day
	}
	slices.SortFunc(all, func(a, b habit) int {
		return cmp.Or(cmp.Compare(b.dates, a.dates), cmp.Compare(a.since, b.since), cmp.Compare(a.code, b.code))
	})
	return all
}

// The classes of the table.
var (
	dateClasses  = []string{"1", "2", "3", "4", "5+"}
	sinceLimits  = []int32{30, 60, 120, 240}
	visitLimits  = []int32{0, 1, 3}
	visitsWindow = int32(90)
)

// prior is how many pairs of the class of dates a cell is blended with.
const prior = 50

// class returns a habit's place in the table.
func class(h habit, visits int32) (dates, since, often int) {
	dates = int(min(h.dates, int32(len(dateClasses)))) - 1
	for since < len(sinceLimits) && h.since > sinceLimits[since] {
		since++
	}
	for often < len(visitLimits) && visits > visitLimits[often] {
		often++
	}
	return dates, since, often
}

// againTable has the probability that a pair is bought again within Test days.
type againTable struct {
	pairs, hits [5][5][4]int
}

// rate returns the probability of a cell: its own hits, blended with the rate of its class of dates.
func (t *againTable) rate(dates, since, often int) float64 {
	pairs, hits := 0, 0
	for _, row := range t.pairs[dates] {
		for _, n := range row {
			pairs += n
		}
	}
	for _, row := range t.hits[dates] {
		for _, n := range row {
			hits += n
		}
	}
	of := 0.0
	if pairs > 0 {
		of = float64(hits) / float64(pairs)
	}
	return (float64(t.hits[dates][since][often]) + prior*of) / float64(t.pairs[dates][since][often]+prior)
}

// recentVisits counts her purchase dates in the days before.
func recentVisits(visits []int32, day int32) (n int32) {
	for _, v := range visits {
		if v < day && v >= day-visitsWindow {
			n++
		}
	}
	return n
}

// boughtBetween are the codes bought in [from, to), ascending.
func boughtBetween(bought []purchase, from, to int32) []int32 {
	var codes []int32
	for _, p := range bought {
		if p.day >= from && p.day < to && (len(codes) == 0 || codes[len(codes)-1] != p.code) {
			codes = append(codes, p.code)
		}
	}
	return codes
}

// learnAgain fills the table with what was bought again in the Test days from the day on.
func (h *History) learnAgain(day int32) *againTable {
	t := &againTable{}
	for who, bought := range h.bought {
		visits := recentVisits(h.visits[who], day)
		came := boughtBetween(bought, day, day+Test)
		for _, x := range habits(bought, day) {
			d, s, o := class(x, visits)
			t.pairs[d][s][o]++
			if _, hit := slices.BinarySearch(came, x.code); hit {
				t.hits[d][s][o]++
			}
		}
	}
	return t
}

// judgeAgain tests the order on the Test days from the day on, and the table that was learned one window earlier.
func (h *History) judgeAgain(day int32) AgainTest {
	var t AgainTest
	table := h.learnAgain(day - Test)
	var pairs, hits [5]int
	var expected [5][]float64
	var first [4]int
	for who, bought := range h.bought {
		order := habits(bought, day)
		came := boughtBetween(bought, day, day+Test)
		visits := recentVisits(h.visits[who], day)
		rank, hit := -1, func(x habit) bool { _, ok := slices.BinarySearch(came, x.code); return ok }
		for i, x := range order {
			d, s, o := class(x, visits)
			pairs[d]++
			expected[d] = append(expected[d], table.rate(d, s, o))
			if hit(x) {
				hits[d]++
				t.Came++
				if rank < 0 {
					rank = i
				}
			}
		}
		if rank < 0 {
			continue
		}
		t.Customers++
		slices.SortFunc(order, func(a, b habit) int {
			return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.code, b.code))
		})
		latest := slices.IndexFunc(order, hit)
		for i, within := range []bool{rank < 3, rank < longest, latest < 3, latest < longest} {
			if within {
				first[i]++
			}
		}
	}
	if t.Customers > 0 {
		n := float64(t.Customers)
		t.HR3, t.HR10, t.Latest3, t.Latest10 = float64(first[0])/n, float64(first[1])/n, float64(first[2])/n, float64(first[3])/n
	}
	for d, name := range dateClasses {
		if pairs[d] == 0 {
			continue
		}
		slices.Sort(expected[d]) // whatever customers are called
		sum := 0.0
		for _, v := range expected[d] {
			sum += v
		}
		t.Expected += sum
		t.Calibrated = append(t.Calibrated, Calibration{name, pairs[d], sum / float64(pairs[d]), float64(hits[d]) / float64(pairs[d])})
	}
	return t
}
