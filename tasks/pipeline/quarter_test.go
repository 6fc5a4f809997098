package pipeline_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/tasks/drift"
	"github.com/clientele/clientele/tasks/evaluate"
	"github.com/clientele/clientele/tasks/ingest"
	"github.com/clientele/clientele/tasks/preprocess"
	"github.com/clientele/clientele/tasks/promote"
	"github.com/clientele/clientele/tasks/score"
	"github.com/clientele/clientele/tasks/train"
)

// A quarter of weekly runs of the Online Retail file, with windows of 180 days: k and the ids stay, the model alone moves at most 6 % of
// the customers, and a model is promoted only for a reason. The table of docs/segments.md is what it logs.
func TestWeeksOfARealShop(t *testing.T) {
	data := os.Getenv("CLIENTELE_TESTDATA")
	if os.Getenv("CLIENTELE_CALIBRATE") == "" || data == "" {
		t.Skip("a quarter of weekly runs takes a minute, and the Online Retail file: make calibrate")
	}
	ctx, d := context.Background(), deps(t, io.Discard)
	first, err := calendar.ParseDate("2011-09-05")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for week := range 14 {
		day := first + calendar.Date(7*week)
		args := []string{"--root=mem://" + t.Name(), "--pipeline=weekly", "--run-id=r", "--as-of=" + day.String()}
		var trained contract.TrainResult
		var eval contract.EvaluateResult
		var promoted contract.PromoteResult
		var scored contract.ScoreResult
		_, err = ingest.Run(ctx, parsed(t, ingest.Flags(), ingest.NewConfig, append(args, "--source="+filepath.Join(data, "online-retail.csv.gz"))), d)
		if err == nil {
			_, err = preprocess.Run(ctx, parsed(t, preprocess.Flags(), preprocess.NewConfig, append(args, "--window=180")), d)
		}
		if err == nil {
			_, err = drift.Run(ctx, parsed(t, drift.Flags(), drift.NewConfig, args), d)
		}
		if err == nil {
			trained, err = train.Run(ctx, parsed(t, train.Flags(), train.NewConfig, args), d)
		}
		if err == nil {
			eval, err = evaluate.Run(ctx, parsed(t, evaluate.Flags(), evaluate.NewConfig, args), d)
		}
		if err == nil {
			promoted, err = promote.Run(ctx, parsed(t, promote.Flags(), promote.NewConfig, args), d)
		}
		if err == nil {
			scored, err = score.Run(ctx, parsed(t, score.Flags(), score.NewConfig, args), d)
		}
		if err != nil {
			t.Fatal(err)
		}
		var now []string
		for _, s := range scored.Segments {
			now = append(now, s.ID+" "+s.Name)
		}
		slices.Sort(now)
		if ids == nil {
			ids = now
		}
		ruler := float64(scored.Movement.Model) / float64(scored.Customers)
		t.Logf("%s: k = %d, %s, moved %+v, %s", day, trained.K, refused(eval), scored.Movement, promoted.Action)
		if trained.K != 4 || !slices.Equal(now, ids) || ruler > 0.06 {
			t.Errorf("%s: k = %d, segments %q, %.1f %% moved by the model alone; want 4, %q, at most 6 %%", day, trained.K, now, 100*ruler, ids)
		}
		if promoted.Action == contract.ActionPromote && len(eval.Reasons) == 0 {
			t.Errorf("%s: promoted without a reason: %s", day, promoted.Why)
		}
	}
}

// refused names the gates that were not passed, and the largest change of an audience.
func refused(r contract.EvaluateResult) string {
	var gates []string
	for _, g := range r.Gates {
		if g.Verdict != contract.EvalPass {
			gates = append(gates, g.Gate)
		}
	}
	most := contract.AudienceChange{}
	if len(r.Audience) > 0 {
		most = slices.MaxFunc(r.Audience, func(a, b contract.AudienceChange) int { return cmp.Compare(a.Share, b.Share) })
	}
	return fmt.Sprintf("not passed %q, audience %.1f %%, reasons %d", gates, 100*most.Share, len(r.Reasons))
}
