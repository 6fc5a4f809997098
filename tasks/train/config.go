// Package train fits a model to this run's customers: it sweeps k, chooses one by the stated rule, and writes the bundle to
// the registry. Whether the model comes into force is for evaluate and promote.
package train

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/space"
	"github.com/clientele/clientele/pkg/task"
)

// Task is train as a program.
var Task = task.Task[Config, contract.TrainResult]{
	Name:  contract.Train,
	Usage: contract.Does(contract.Train),
	Description: `Reads the customers and drift's act from this run, and HEAD as of the start of the run. The act refit keeps HEAD's feature space
and k and fits new centroids; otherwise k is swept from --k-min to --k-max. The rule: among the k whose
smallest segment is large enough, whose segments come again in resamples (Jaccard index of at least 0.75) and are predicted by the
other half of the customers (prediction strength of at least 0.8, less one standard error), the elbow of inertia; the current
model's k stays unless another's elbow is clearly deeper. If no k qualifies, the elbow among those with large enough segments, and
a finding says that the segments are constructed. Models are content-addressed: the same customers and
parameters give the same fit_id on any machine, on any day.`,
	Example: "train --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10\n" +
		"train --root=file:///tmp/shop --pipeline=local --run-id=local --as-of=2011-12-10 --k=5",
	Flags: Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.TrainResult) string { return fmt.Sprintf("k = %d, model %.12s", r.K, r.ModelID) },
}

// maxK bounds k, so that the result stays within what a scheduler takes.
const maxK = 50

// Config is what train is told.
type Config struct {
	task.Common
	K             int // 0: chosen by the elbow
	KMin, KMax    int
	Starts        int
	Seed          int
	SmallestShare float64 // 0..1
	MinCustomers  int     // in the smallest segment
	Space         string  // as space.ParseSpecs reads it
	PCA           float64 // share of variance that the components kept hold; 0: no rotation
	Vectors       string  // as cluster.UseVectors reads it
}

// Flags declares train's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.Int("k", 0, "`NUMBER` of segments; 0 chooses it by the rule"),
		task.Int("k-min", 2, "smallest `NUMBER` of segments to try"),
		task.Int("k-max", 10, "largest `NUMBER` of segments to try"),
		task.Int("starts", cluster.DefaultStarts, "`NUMBER` of random starts per k; the lowest inertia wins"),
		task.Int("seed", 1, "random seed, a `NUMBER`"),
		task.Float("smallest-share", cluster.DefaultFloor, "minimum `SHARE` of customers in the smallest segment, 0 to 1"),
		task.Int("min-customers", fit.DefaultRule().MinCustomers, "minimum `NUMBER` of customers in the smallest segment for k to be chosen"),
		task.String("space", defaultSpace(), "`FEATURES` to cluster on: feature[:transform][:imputation][:scaling], comma separated; "+
			"transforms none, ln, log1p, winsor=<quantile>; imputation of nulls: median or a number; scalings z, robust, minmax"),
		task.Float("pca", 0, "keep the fewest principal components that hold this `SHARE` of the variance; 0 keeps the features"),
		task.String("vectors", "", "vector `INSTRUCTIONS` to compute with: go (none), avx2 or avx512 (default: the best of the processor; the result is the same)"),
	)
}

func defaultSpace() string { return spaceText(space.Default()) }

// spaceText writes a space as the flag reads it: one text for one space.
func spaceText(specs []space.Spec) string {
	text := ""
	for i, s := range specs {
		if i > 0 {
			text += ","
		}
		text += s.String()
	}
	return text
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c),
		K:      c.Int("k"), KMin: c.Int("k-min"), KMax: c.Int("k-max"),
		Starts: c.Int("starts"), Seed: c.Int("seed"), SmallestShare: c.Float64("smallest-share"), MinCustomers: c.Int("min-customers"),
		Space: c.String("space"), PCA: c.Float64("pca"),
		Vectors: c.String("vectors"),
	}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if c.K < 0 || c.K > maxK {
		p.Add("k", "want 1 to 50 segments, or 0 to choose automatically", c.K)
	}
	if c.KMin < 1 {
		p.Add("k-min", "want 1 or more segments", c.KMin)
	}
	if c.KMax < c.KMin || c.KMax > maxK {
		p.Add("k-max", "want at least --k-min and at most 50 segments", c.KMax)
	}
	if c.Starts < 1 || c.Starts > 10_000 {
		p.Add("starts", "want 1 to 10000 starts", c.Starts)
	}
	if c.Seed < 0 {
		p.Add("seed", "want a whole number, 0 or more", c.Seed)
	}
	if !(c.SmallestShare >= 0 && c.SmallestShare <= 1) {
		p.Add("smallest-share", "want a share from 0 to 1", c.SmallestShare)
	}
	if c.MinCustomers < 1 {
		p.Add("min-customers", "want 1 or more customers", c.MinCustomers)
	}
	if !(c.PCA >= 0 && c.PCA <= 1) {
		p.Add("pca", "want a share from 0 to 1", c.PCA)
	}
	if err := cluster.UseVectors(c.Vectors); err != nil {
		p.Add("vectors", err.Error(), c.Vectors)
	}
	if err := checkSpace(c.Space); err != nil {
		p.Add("space", err.Error(), c.Space)
	}
	return p.Err()
}
