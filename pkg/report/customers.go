package report

import (
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/report/view"
)

// customers is the search, with a panel for each.
func (l *layout) customers() (tab, error) {
	t := tab{ID: "customers", Name: "Customers", Group: groupAct, Kick: "Customers"}
	c := l.Customers
	switch {
	case l.Scores == nil:
		t.Heading = "No customer has a segment in this run"
		t.add(absent(12, "Why", "This run has no scores. The customers' features are in customers.arrow."))
		return t, nil
	case !l.inlined():
		t.Heading = "This page holds no customers"
		why := "It was written without them (--page-customers=none)."
		if c != nil && c.Mode == view.CustomersLists {
			why = "It was written with those on a list (--page-customers=lists), and nobody is."
		}
		t.add(absent(12, "Where they are", why+" Every customer is in assignments.arrow and audience.arrow of the run."))
		return t, nil
	}
	t.Heading = "Find a customer, see why, see what would move them"
	t.Lead = fmt.Sprintf("All %s of the run. Choose one for reasons and suggestions; downloads hold what the filters show.", people(int64(c.Of)))
	switch {
	case c.Mode == view.CustomersLists:
		t.Lead = fmt.Sprintf("The %s on a list, of %s (--page-customers=lists). The others are in assignments.arrow and audience.arrow of the run.", people(int64(c.Held)), count(int64(c.Of)))
	case c.Sampled && c.Listed:
		t.Lead = fmt.Sprintf("Everybody on a list and a sample of the others: %s of %s. All of them are in assignments.arrow and audience.arrow of the run.", people(int64(c.Held)), count(int64(c.Of)))
	case c.Sampled:
		t.Lead = fmt.Sprintf("A sample: %s of %s. All of them are in assignments.arrow and audience.arrow of the run.", people(int64(c.Held)), count(int64(c.Of)))
	}
	f := &filters{Countries: distinct(c.Country)}
	for i, g := range l.Scores.Segments {
		f.Segments = append(f.Segments, segmentName{i, g.Label})
	}
	if l.Audience != nil {
		for i, v := range l.Audience.Lists {
			f.Lists = append(f.Lists, fact{listName(v.List), fmt.Sprint(i)})
		}
	}
	if len(distinct(c.Nature)) > 0 {
		f.Natures = []string{"personal", "bulk", "reseller"}
	}
	t.add(panel{Filters: f})
	return t, nil
}

// inlined says whether the page has customers to search, draw and save.
func (l *layout) inlined() bool { return l.Scores != nil && l.Customers != nil && l.Customers.Held > 0 }

// saves says whether the page can write the file of a list.
func (l *layout) saves(customers int64) bool {
	return customers > 0 && l.inlined() && l.Customers.Listed
}

// segmentFiles are a segment's own files: all who may be contacted, those who came and those who went.
func (l *layout) segmentFiles(g view.Segment) []download {
	if !l.inlined() || l.Customers.Mode != view.CustomersAll || l.Customers.Sampled || g.Customers == 0 {
		return nil
	}
	place := l.places[g.ID].Place
	files := []download{{Of: "segment:" + g.ID, Label: "Segment", Says: g.Label + " without those held out, CSV"}}
	var in, out int
	for i, previous := range l.Customers.Previous {
		now := int(l.Customers.Segment[i])
		if l.Customers.HeldOut[i] || now == int(previous) || l.Scores.First {
			continue
		}
		if now == place {
			in++
		}
		if int(previous) == place {
			out++
		}
	}
	for _, from := range l.Customers.LeftFrom {
		if from == g.ID {
			out++
		}
	}
	if in > 0 {
		files = append(files, download{Of: "entrants:" + g.ID, Label: fmt.Sprintf("%d came", in), Says: "to " + g.Label + ", CSV"})
	}
	if out > 0 {
		files = append(files, download{Of: "leavers:" + g.ID, Label: fmt.Sprintf("%d went", out), Says: "from " + g.Label + ", CSV"})
	}
	return files
}

// personal says what personal data the page holds.
func (l *layout) personal() string {
	texts := slices.ContainsFunc(l.Rejected, func(r view.Rejected) bool { return r.Raw != "" })
	if !l.inlined() && texts {
		return "Personal data: the text of some rejected records, which can name a customer."
	}
	if !l.inlined() {
		return "Personal data: none. This page counts customers and names none."
	}
	c := l.Customers
	text := fmt.Sprintf("Personal data: this page holds %s by their number, with segment, purchases, spending by month, country, nature of purchase, list, suggestions and expected spending", people(int64(c.Held)))
	if c.Gone > 0 {
		text += fmt.Sprintf(", and the numbers of %d who left", c.Gone)
	}
	if texts {
		text += ", and the text of some rejected records"
	}
	return text + ". Give it only to people who may see these; it can be written with those on a list or with none (--page-customers=lists or none). Files leave out those held out."
}
