package preprocess

import (
	"context"
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
)

// keepMeaning is how much the pointer to the meaning remembers: a year of weeks.
var keepMeaning = run.Keep{Entries: 53, OneAnAsOf: true}

// recall reads what the lines of the root meant to the latest run of an earlier as-of.
func (j *job) recall(ctx context.Context) error {
	state, err := run.ReadState[retail.Meaning](ctx, j.home.Root, contract.MeaningStatePath())
	if err != nil {
		return err
	}
	for _, e := range state.Before(j.Run()).Entries {
		if e.AsOf < j.Run().AsOf {
			j.kept = &e.Value
			break
		}
	}
	return nil
}

// decide sets what the lines mean to the rules: what flags and profile say, else what was decided for the root before, else what the
// lines themselves say. What was decided stays, and is told where it would be decided otherwise now.
func (j *job) decide(lines *retail.Lines, t *told) (err error) {
	t.Changed = []string{}
	if j.rules.Meaning, t.Decisions, err = retail.Decide(lines, j.given, j.before()); err != nil {
		return fault.Errorf(fault.ExitConfig, "meaning", j.Profile, "what the lines mean: %w", err)
	}
	t.Meaning = j.rules.Meaning
	for _, one := range t.Decisions {
		if one.Now != "" && one.Now != one.Value {
			t.Changed = append(t.Changed, fmt.Sprintf("%s: %q, not %q", one.Field, one.Now, one.Value))
		}
		j.deps.Log.Info("what the lines mean", "field", one.Field, "value", one.Value, "stated", one.Stated, "lines", one.Lines, "amount", one.Money.String())
	}
	for _, change := range t.Changed {
		j.deps.Log.Warn("the lines would be taken for something else now; what was decided for this root stays, until a profile or a flag says otherwise", "change", change)
	}
	return nil
}

// before is what was decided before; it says nothing on a first run.
func (j *job) before() retail.Meaning {
	if j.kept == nil {
		return retail.Meaning{}
	}
	return *j.kept
}

// advance keeps what was decided, for later runs. What a flag or a profile states holds for its own run alone.
func (j *job) advance(ctx context.Context, m *run.Manifest, r contract.PreprocessResult) (contract.PreprocessResult, error) {
	_, err := run.Advance(ctx, j.home.Root, contract.MeaningStatePath(), run.Entry[retail.Meaning]{
		Run: j.Run().String(), AsOf: j.Run().AsOf, Key: m.Key, Value: r.Meaning.Decided(j.given, j.before()),
	}, keepMeaning)
	return r, err
}
