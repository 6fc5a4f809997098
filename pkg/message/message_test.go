package message_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/message"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/report/view/viewtest"
)

var update = flag.Bool("update", false, "write testdata/*.txt")

// runs are what a run can come to. Each is the sample of viewtest, a promotion, with what the steps say in another case.
var runs = map[string]func(*view.Inputs){
	contract.MessagePromotion: func(*view.Inputs) {},
	contract.MessageFirst: func(in *view.Inputs) {
		in.Drift = &contract.DriftResult{Verdict: contract.VerdictInsufficientData, Act: contract.ActNone, Cause: "there is no current model"}
		in.Promote = &contract.PromoteResult{Action: contract.ActionBootstrap, ModelID: in.Promote.ModelID, Seq: 1, Why: "the first model: it passed all 4 gates"}
		in.Score.First, in.Score.Why, in.Score.Moved, in.Score.Movement = true, "there are no previous scores", 0, contract.Movement{}
		in.Movers, in.Evaluate.Reasons = nil, nil
		in.Preprocess.Findings = nil
	},
	contract.MessageQuiet: func(in *view.Inputs) {
		in.Drift.Verdict, in.Drift.Act, in.Drift.Cause = contract.VerdictNone, contract.ActNone, "nothing moved"
		in.Evaluate.Reasons = nil
		in.Promote.Action, in.Promote.ModelID = contract.ActionHold, in.Promote.Previous
		in.Promote.Cause = contract.HeldNoGain
		in.Promote.Why = "nothing to gain: drift asks for no other model, and the current one is young enough; to replace it all the same: --promote=force"
		in.Score.ModelID, in.Score.Moved, in.Score.Movement.Model = in.Promote.Previous, 97, 0
		first := *in.Ingest.Last - 4
		in.Ingest.RowsAccepted, in.Ingest.RowsQuarantined, in.Ingest.First = 18_204, 0, &first
		in.Preprocess.Findings = nil
	},
	contract.MessageHeld: func(in *view.Inputs) {
		in.Evaluate.Verdict = contract.EvalFail
		in.Evaluate.Gates[2] = contract.Gate{Gate: "silhouette", Verdict: contract.EvalFail, Value: ptr(.17), Limit: ptr(.2), Why: "customers are hardly nearer to their own segment than to the next: 0.17, at least 0.2"}
		in.Promote.Action, in.Promote.ModelID = contract.ActionHold, in.Promote.Previous
		in.Promote.Why = "the candidate failed: silhouette (" + in.Evaluate.Gates[2].Why + ")"
		in.Score.ModelID, in.Score.Moved, in.Score.Movement.Model = in.Promote.Previous, 97, 0
		in.Preprocess.Findings = append(in.Preprocess.Findings, finding.Finding{Code: finding.RuleShare, Stops: true, Lines: 310_204, Money: money.Amount(71_000_000_000),
			Sentence: "the rule guest removes 57 % of lines", What: "deliver the customers, or accept it with --accept=rule_share"})
	},
	contract.MessageFixData: func(in *view.Inputs) {
		in.Drift.Verdict, in.Drift.Act = contract.VerdictAlert, contract.ActFixData
		in.Drift.Cause = "prices are 100 times those of before, from 5 December 2011 on"
		in.Promote.Action, in.Promote.ModelID, in.Promote.Why = contract.ActionHold, in.Promote.Previous, "the candidate failed: drift_act (the lines are broken)"
		in.Score, in.Explore, in.Recommend, in.Predict, in.Measure, in.Audience, in.Segments, in.Movers = nil, nil, nil, nil, nil, nil, nil, nil
	},
	contract.MessageNoModel: func(in *view.Inputs) {
		in.Evaluate.Verdict, in.Evaluate.Gates[2].Verdict = contract.EvalFail, contract.EvalFail
		in.Promote = &contract.PromoteResult{Action: contract.ActionHold, Why: "the candidate failed: silhouette (0.17, at least 0.2)"}
		in.Score, in.Explore, in.Recommend, in.Predict, in.Measure, in.Audience, in.Segments, in.Movers = nil, nil, nil, nil, nil, nil, nil, nil
	},
	contract.MessageRescored: func(in *view.Inputs) {
		in.Ingest, in.Drift, in.Train, in.Evaluate, in.Promote = nil, nil, nil, nil, nil
	},
}

func ptr[T any](v T) *T { return &v }

// Each text is to be read as somebody reads it who knows the shop and not this program.
func TestTexts(t *testing.T) {
	for kind, change := range runs {
		t.Run(kind, func(t *testing.T) {
			in := viewtest.Sample(t)
			change(&in)
			m := message.New(view.New(in))
			if m.Kind != kind {
				t.Errorf("the kind is %s, want %s", m.Kind, kind)
			}
			got := message.Text(m, "https://storage.cloud.google.com/shop/report.html")
			golden := "testdata/" + kind + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the text has changed; if on purpose: go test ./pkg/message -update (-%s +now):\n%s", golden, diff)
			}
			for _, name := range []string{"seg-0", "NaN", "Inf", "  ", "--", "..", "<nil>"} {
				if kind != contract.MessageHeld && strings.Contains(got, name) { // a person may accept a finding by a flag
					t.Errorf("the text has %q", name)
				}
			}
		})
	}
}

// A hold is news, unless it only says that nothing is gained.
func TestKindOfAHold(t *testing.T) {
	for cause, want := range map[string]string{
		contract.HeldNoGain: contract.MessageQuiet, contract.HeldFrozen: contract.MessageHeld, contract.HeldDenied: contract.MessageHeld,
		contract.HeldEarlier: contract.MessageHeld,
	} {
		in := viewtest.Sample(t)
		in.Promote.Action, in.Promote.Cause = contract.ActionHold, cause
		if m := message.New(view.New(in)); m.Kind != want {
			t.Errorf("%s is %s, want %s", cause, m.Kind, want)
		}
	}
}

// A run in which only preprocess has run, in a currency without a sign, and money that fell.
func TestLeastAndUnusual(t *testing.T) {
	least := message.Text(message.New(view.New(view.Inputs{Title: "Shop", AsOf: viewtest.Date(t, "2011-12-10")})), "")
	for _, want := range []string{"Shop, 10 December 2011: there are no segments yet.\n", "People: 0 customers bought up to 9 December 2011.\n", "Money: they spent 0.\n"} {
		if !strings.Contains(least, want) {
			t.Errorf("no %q in %s", want, least)
		}
	}
	in := viewtest.Sample(t)
	in.Currency, in.Preprocess.Revenue = "SEK", -30_000
	in.Explore.Change.Now, in.Explore.Change.Before = in.Explore.Change.Before, in.Explore.Change.Now
	in.Preprocess.WindowStart = ptr(viewtest.Date(t, "2010-12-10"))
	in.Preprocess.Findings[0].Sentence = strings.Repeat("a long story\nand ", 100)
	for range 10 {
		in.Preprocess.Findings = append(in.Preprocess.Findings, in.Preprocess.Findings[0])
	}
	in.Score.Movement.Model, in.Movers[0].From = 0, "seg-0009"
	m := message.New(view.New(in))
	text := message.Text(m, "")
	for _, want := range []string{
		"Money: they spent -SEK 3. The last 90 days brought SEK 1,776,704, which is 43.6 % less than the 90 days before.\n", // 1 - 1776704.21 / 3149181.61
		"The commonest change was from a segment that is gone to Champions: 74 customers, who spent SEK 201,344.",
		"bought from 10 December 2010 to 9 December 2011.", "\nTo check: 6 more findings on the page.\n", " …\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if len(text) > 6000 || len(m.Sentences) > 20 {
		t.Errorf("%d characters in %d sentences", len(text), len(m.Sentences))
	}
}
