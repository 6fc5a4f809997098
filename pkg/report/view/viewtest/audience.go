package viewtest

import (
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

// audienceResult is a part of what was counted on the UCI Online Retail file by other tools, without segments.
func audienceResult(t testing.TB) *contract.AudienceResult {
	t.Helper()
	return &contract.AudienceResult{
		Customers: 4323, HeldOut: 432, Listed: 610, Rules: "second_order from=14 to=60",
		Lists: []contract.ListResult{{List: "second_order", Rule: "bought on one date, 14 to 60 days ago", Purpose: "a reason to return",
			Taken: 280, HeldOut: 30, Earlier: 0, Customers: 250, AtStake: amount(t, "71234.50"), Nature: map[string]int64{"personal": 90, "bulk": 150, "reseller": 10},
			Then:   &contract.FollowedGroup{Customers: 229, Bought: 99, Spent: amount(t, "57695.41")},
			Others: &contract.FollowedGroup{Customers: 3133, Bought: 1816, Spent: amount(t, "2516607.89")},
			Low:    ptr(-.212), High: ptr(-.08), Differs: true, Says: "43 % of 229 bought within 90 days, against 58 % of 3133 others of the same segments"}},
		Segments: []contract.ListedSegment{{ID: "seg-0001", Name: "Champions", Customers: 717, Usual: amount(t, "1402311.10"),
			Nature: map[string]int64{"personal": 60, "bulk": 560, "reseller": 97}, Listed: 200, HeldOut: 70}},
		Limits:     []contract.LimitResult{{List: "second_order", Name: "to", Value: 60, Customers: 280, Lower: 45, CustomersLower: 190, Higher: 75, CustomersHigher: 350}},
		Cut:        Date(t, "2011-09-11"),
		Everybody:  &contract.FollowedGroup{Customers: 3362, Bought: 1915, Spent: amount(t, "2574303.30")},
		Statements: []string{"Usual spending is what customers on a list spend anyway. What a list adds is known only from a campaign with a control arm."},
	}
}
