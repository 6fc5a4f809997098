package task

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
)

// Step is a [Task] that also runs inside a larger program. Its configuration embeds [Common].
type Step interface {
	Program
	// Describe returns the task's flags as contract.json shows them.
	Describe() contract.TaskFlags
	// OwnFlags declares the flags of the step, without those of the program that it runs in.
	OwnFlags() []cli.Flag
	// Bind reads the step's flags.
	Bind(*cli.Context) Bound
}

// Bound is a step with its flags. Those of [Common] are the larger program's.
type Bound interface {
	// Validate reports every problem at once.
	Validate(Common) error
	// Run does the step's work. says is what it did, in a few words for a person.
	Run(context.Context, Common, Deps) (result any, says string, err error)
}

// OwnFlags declares the flags of the step.
func (t Task[C, R]) OwnFlags() []cli.Flag { return t.Flags() }

// Bind reads the step's flags.
func (t Task[C, R]) Bind(c *cli.Context) Bound { return bound[C, R]{t, t.Config(c)} }

type bound[C Validator, R any] struct {
	task Task[C, R]
	cfg  C
}

// in returns the configuration with the flags of the larger program.
func (b bound[C, R]) in(c Common) C {
	cfg := b.cfg
	*commonOf(&cfg) = c
	return cfg
}

func (b bound[C, R]) Validate(c Common) error { return b.in(c).Validate() }

func (b bound[C, R]) Run(ctx context.Context, c Common, d Deps) (any, string, error) {
	r, err := b.task.Run(ctx, b.in(c), d)
	return r, b.task.says(r), err
}

func (t Task[C, R]) says(r R) string {
	if t.Says == nil {
		return ""
	}
	return t.Says(r)
}

// commonOf returns the [Common] that a configuration embeds, or nil.
func commonOf(cfg any) *Common {
	if c, ok := cfg.(interface{ common() *Common }); ok {
		return c.common()
	}
	return nil
}
