package task

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/scratch"
)

// Validator is a task's configuration. Validate reports every problem at once, by [Problems].
type Validator interface{ Validate() error }

// Deps is what the root lends to a step.
type Deps struct {
	Log      *slog.Logger
	Progress Progress
	Scratch  string         // an empty folder for spool files, removed at the end
	Memory   scratch.Budget // what --memory leaves beside the program; 0 is no bound
	Code     string         // code version: VCS revision, or the binary's sha256
	Use      *Use           // counts what the step uses; nil does not

	In  io.Reader // what is piped into the program
	Out io.Writer // for a program that pipes more than its result

	// Now is the clock, to tell a mistyped date from one that can be. No content depends on it. Zero is the end of time.
	Now time.Time
}

// Today returns the day in a zone, the IANA name. Without a zone it is the latest day that it is anywhere.
func (d Deps) Today(zone string) calendar.Date {
	if d.Now.IsZero() {
		return math.MaxInt32
	}
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		place = time.FixedZone("", int(14*time.Hour/time.Second)) // Line Islands
	}
	_, offset := d.Now.In(place).Zone()
	return calendar.DateOf(d.Now.Add(time.Duration(offset) * time.Second).UnixMicro())
}

// Task is a program: a step's Run function with its flags.
type Task[C Validator, R any] struct {
	Name        string
	Usage       string // one line
	Description string // what a person should know, a paragraph or two
	Example     string // one command line a line
	Flags       func() []cli.Flag
	Config      func(*cli.Context) C
	Run         func(context.Context, C, Deps) (R, error)
	Print       func(io.Writer, R) error // writes the result for a person to standard output; nil writes JSON
	Large       bool                     // the result may be larger than [contract.ResultLimit]: no scheduler runs this program
	Says        func(R) string           // what was done, in a few words for a person; nil says nothing
}

// Program is what [Main] runs: a [Task] or a [Group]. called is what a person calls it by, where that is not its own name:
// the name of the file tells nothing, for an image calls every program alike.
type Program interface {
	run(ctx context.Context, called string, args []string, io stdio) int
}

type stdio struct {
	in       io.Reader
	out, err io.Writer
	terminal bool
}

// Main runs a program with its arguments (without the program's name) and returns its exit code.
func Main(p Program, args []string) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	return p.run(ctx, "", args, stdio{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, terminal: term.IsTerminal(int(os.Stderr.Fd())),
	})
}

// Group is a program of several commands: its first argument names the one to run.
type Group struct {
	Name     string
	Usage    string
	Commands []Command
	Default  Program // runs when no argument is a command and one is a flag, or there is none; may be nil
}

// Command is one program of a group.
type Command struct {
	Name, Usage string
	Program     Program
}

func (g Group) run(ctx context.Context, called string, args []string, std stdio) int {
	name := cmp.Or(called, g.Name)
	if len(args) > 0 {
		for _, c := range g.Commands {
			if c.Name == args[0] {
				return c.Program.run(ctx, name+" "+c.Name, args[1:], std)
			}
		}
	}
	if g.Default != nil && (len(args) == 0 || slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") })) {
		return g.Default.run(ctx, name, args, std)
	}
	if len(args) > 0 && (args[0] == "--version" || args[0] == "-v") {
		_, _ = fmt.Fprintf(std.out, "%s version %s\n", name, versionText())
		return fault.ExitDone
	}
	out, code := std.err, fault.ExitUsage
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
		out, code = std.out, fault.ExitDone
	} else if len(args) > 0 {
		_, _ = fmt.Fprintf(out, "%s: no such command %q\n", name, args[0])
	}
	_, _ = fmt.Fprintf(out, "%s - %s\n\ncommands (each has --help):\n", name, g.Usage)
	for _, c := range g.Commands {
		_, _ = fmt.Fprintf(out, "  %-10s %s\n", c.Name, c.Usage)
	}
	return code
}

// runnerFlags are the flags that every program has besides its own.
func runnerFlags() []cli.Flag {
	return []cli.Flag{
		String("result", "", "write the result as JSON to this `FILE` (default: standard output)"),
		String("termination-log", "/dev/termination-log", "on failure, write the reason to this `FILE` if it exists"),
		String("memory", "", "`SIZE` of memory that buffers share, such as 2GiB (default: nine tenths of the container's limit, or half of the machine's memory)"),
		String("deadline", "6h", "longest `TIME` that the program may take before it ends with exit code 75, such as 90m; 0 is no limit"),
		Bool("record-use", "keep what the step has used below state/, so that a later run that is slower than usual is found"),
		String("log", "auto", "`FORMAT` of the log on standard error: json, plain, or auto (plain on a terminal)"),
	}
}

// AllFlags returns every flag of the task: its own and the runner's.
func (t Task[C, R]) AllFlags() []cli.Flag { return append(t.Flags(), runnerFlags()...) }

// Describe returns the task's flags as contract.json shows them.
func (t Task[C, R]) Describe() contract.TaskFlags {
	return contract.TaskFlags{Task: t.Name, Flags: Describe(t.AllFlags())}
}

func (t Task[C, R]) run(ctx context.Context, called string, args []string, std stdio) int {
	name := cmp.Or(called, t.Name)
	var problems Problems
	good := scan(t.AllFlags(), args, &problems)
	out := outcome{task: t.Name, std: std, log: newLogger("auto", t.Name, std), closing: Begin(t.Name, Common{})}
	out.closing.use.whole = true
	app := &cli.App{
		Name: name, Usage: t.Usage, UsageText: t.Example, Description: t.Description,
		Version: versionText(), Flags: t.AllFlags(), HideHelpCommand: true,
		CustomAppHelpTemplate: helpTemplate, Metadata: map[string]any{"codes": fault.ExitCodes},
		Writer: std.out, ErrWriter: std.err, ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			return &fault.Fault{Code: fault.ExitUsage, Cause: "flags", Err: err}
		},
		Action: func(c *cli.Context) error {
			out.termination = c.String("termination-log")
			cfg := t.Config(c)
			if c := commonOf(&cfg); c != nil {
				out.closing.home = *c
			}
			if format := c.String("log"); format != "json" && format != "plain" && format != "auto" {
				problems.Add("log", "want json, plain or auto", format)
			}
			memory, err := ParseBytes(c.String("memory"))
			if err != nil {
				problems.Add("memory", err.Error(), c.String("memory"))
			}
			deadline, err := time.ParseDuration(c.String("deadline"))
			if err != nil || deadline < 0 {
				problems.Add("deadline", "want a time such as 90m or 6h, or 0 for none", c.String("deadline"))
			}
			if memory == 0 {
				memory = memoryGiven(os.DirFS("/"))
			}
			if err := cfg.Validate(); err != nil {
				problems.list = append(problems.list, err.Error())
			}
			if err := problems.Err(); err != nil {
				return err
			}
			out.log = newLogger(c.String("log"), t.Name, std)
			out.closing.Use(c.Bool("record-use"))
			budget, err := budgetOf(memory)
			if err != nil {
				return err
			}
			return within(ctx, deadline, func(ctx context.Context) error {
				return t.work(ctx, cfg, c.String("result"), budget, &out)
			})
		},
	}
	if err := app.RunContext(ctx, append([]string{name}, good...)); err != nil {
		return out.fail(ctx, err)
	}
	out.close(fault.ExitDone, "")
	return fault.ExitDone
}

// within does work under a deadline; 0 is none. What the deadline has ended is temporary, whatever the work says of it.
func within(ctx context.Context, deadline time.Duration, work func(context.Context) error) error {
	if deadline == 0 {
		return work(ctx)
	}
	late := &fault.Fault{Code: fault.ExitTemporary, Cause: "deadline", Err: fmt.Errorf("the program has not ended within --deadline=%s", deadline)}
	bounded, cancel := context.WithTimeoutCause(ctx, deadline, late)
	defer cancel()
	err := work(bounded)
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(bounded), late) {
		return &fault.Fault{Code: late.Code, Cause: late.Cause, Object: fault.Judge(err).Object, Err: fmt.Errorf("%w: %w", late, err)}
	}
	return err
}

// work runs the step and hands its result on.
func (t Task[C, R]) work(ctx context.Context, cfg C, resultFile string, memory scratch.Budget, out *outcome) error {
	code, err := codeVersion()
	if err != nil {
		return err
	}
	folder, remove, err := scratchFolder(t.Name)
	if err != nil {
		return err
	}
	defer remove()
	defer limitHeap(memory)()
	progress := Progress(Silent{})
	if out.std.terminal {
		progress = newBars(out.std.err)
	}
	if err := removeStale(resultFile); err != nil {
		return hostFault("result", resultFile, fmt.Errorf("remove the result of an earlier run: %w", err))
	}
	result, err := t.Run(ctx, cfg, Deps{
		Log: out.log, Progress: progress, Scratch: folder, Memory: memory, Code: code, Use: out.closing.use, In: out.std.in, Out: out.std.out, Now: time.Now(),
	})
	if f, ok := errors.AsType[*fault.Fault](err); err != nil && (!ok || !f.Whole) {
		return err
	}
	out.result, out.says = result, t.says(result)
	if writeErr := t.hand(result, resultFile, out); writeErr != nil {
		return writeErr
	}
	return err
}

func (t Task[C, R]) hand(result R, file string, out *outcome) error {
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	text = append(text, '\n')
	if file != "" {
		if len(text) > contract.ResultLimit && !t.Large { // blanks are for people: a scheduler does without
			if text, err = json.Marshal(result); err != nil {
				return fmt.Errorf("encode result: %w", err)
			}
		}
		if len(text) > contract.ResultLimit && !t.Large {
			field, size := largestField(text)
			return fault.Errorf(fault.ExitInternal, "result_size", field,
				"the result has %d bytes, more than the %d that a scheduler accepts: the field %q has %d of them", len(text), contract.ResultLimit, field, size)
		}
		if err := writeWhole(file, text); err != nil {
			return hostFault("result", file, fmt.Errorf("write result: %w", err))
		}
	}
	switch {
	case t.Print != nil:
		err = t.Print(out.std.out, result)
	case file == "":
		_, err = out.std.out.Write(text)
	}
	if err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

// largestField returns the field of a JSON object that takes the most bytes.
func largestField(object []byte) (name string, size int) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return "", 0 // no object, and so without fields
	}
	for n, value := range fields {
		if len(value) > size || len(value) == size && n < name {
			name, size = n, len(value)
		}
	}
	return name, size
}

// writeWhole writes a file so that a reader sees all of it or none of it.
func writeWhole(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(file, text, 0o644) // a pipe or a device has no half-way state
	}
	scratch.SweepFiles(filepath.Dir(file), unfinishedResult, time.Now().Add(-time.Minute))
	tmp, err := os.CreateTemp(filepath.Dir(file), ".result-*")
	if err != nil {
		return err
	}
	_ = scratch.Lock(tmp) // a file system without locks has nothing to sweep by
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(tmp.Name())))
	}
	return nil
}

// unfinishedResult matches the names of results that a killed process has left before they had theirs.
var unfinishedResult = regexp.MustCompile(`^\.result-[0-9]+$`)

// removeStale removes the result of an earlier run: where this one fails there is none.
func removeStale(file string) error {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // writing the result will tell
	}
	return ignoreMissing(os.Remove(file))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
