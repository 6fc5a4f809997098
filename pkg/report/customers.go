package report

import (
	"cmp"
	"fmt"

	"github.com/clientele/clientele/pkg/report/view"
)

// pack is the customers in compact columns; assets/customers.js reads it.
type pack struct{}

// customers is the search.
func (l *layout) customers() (tab, error) {
	t := tab{ID: "customers", Name: "Customers", Group: groupAct, Kick: "Customers"}
	if l.Scores == nil {
		t.Heading = "No customer has a segment in this run"
		t.add(absent(12, "Why", "This run has no scores. The customers' features are in customers.arrow."))
		return t, nil
	}
	t.Heading, t.Lead = "This page holds no customers", "It was written without them (--page-customers=none). Every customer is in assignments.arrow and audience.arrow."
	return t, nil
}

// inlined says whether the page has customers to search, draw and save.
func (l *layout) inlined() bool { return false }

// saves says whether the page can write a file of so many customers.
func (l *layout) saves(int64) bool { return false }

func (l *layout) segmentFiles(view.Segment) []download { return nil }

// personal says what personal data the page holds.
func (l *layout) personal() string {
	return fmt.Sprintf("Personal data: none. This page counts customers of %s and names none.", cmp.Or(l.Title, "the shop"))
}
