package task

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/scratch"
)

// Common are the flags that every step has: where things lie, and which run this is.
type Common struct {
	Root     string
	Registry string
	Name     string
	Pipeline string
	RunID    string
	AsOf     string
	FromRun  string
	Head     int // revision to read instead of the one in force; 0 means the one in force

	AllowFutureAsOf bool // see CheckAsOf
}

// common gives [Task] the flags, in whatever configuration they are embedded.
func (c *Common) common() *Common { return c }

// CommonFlags declares the flags of [Common], made anew at each call.
func CommonFlags() []cli.Flag {
	return append(HomeFlags(),
		Required(String("pipeline", "", "`NAME` of the pipeline that the run belongs to, usually the DAG id")),
		Required(String("run-id", "", "`ID` of the run, as assigned by the scheduler")),
		Required(String("as-of", "", "`DATE` to use as today, YYYY-MM-DD in the shop's time zone")),
		Bool("allow-future-as-of", "accept an as-of that is later than both today and the day after the last line"),
		String("from-run", "", "read the output of this `RUN` (<pipeline>/<as-of>/<slug>) instead of the current run"),
		Int("head", 0, "read HEAD at revision `SEQ`, to reproduce a run; 0 reads the current one"),
	)
}

// HomeFlags declares the flags that say where things lie.
func HomeFlags() []cli.Flag {
	return []cli.Flag{
		Required(String("root", "", "`URL` of the root folder: gs://bucket/prefix or file:///path")),
		String("registry", "", "`URL` of the model registry (default: <root>/registry)"),
		String("name", "segments", "`NAME` of the registry; several can share one root"),
	}
}

// NewCommon reads the flags of [Common].
func NewCommon(c *cli.Context) Common {
	return Common{
		Root: c.String("root"), Registry: c.String("registry"), Name: c.String("name"),
		Pipeline: c.String("pipeline"), RunID: c.String("run-id"), AsOf: c.String("as-of"),
		FromRun: c.String("from-run"), Head: c.Int("head"), AllowFutureAsOf: c.Bool("allow-future-as-of"),
	}
}

var registryName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Check notes what is wrong with the flags.
func (c Common) Check(p *Problems) {
	c.CheckHome(p)
	if err := contract.CheckPipeline(c.Pipeline); err != nil {
		p.Add("pipeline", err.Error(), c.Pipeline)
	}
	if strings.TrimSpace(c.RunID) == "" {
		p.Add("run-id", "needs a value", c.RunID)
	}
	if _, err := calendar.ParseDate(c.AsOf); err != nil {
		p.Add("as-of", "want a calendar day written YYYY-MM-DD", c.AsOf)
	}
	if c.FromRun != "" {
		if _, err := contract.ParseRun(c.FromRun); err != nil {
			p.Add("from-run", "want <pipeline>/<as-of>/<slug>", c.FromRun)
		}
	}
	if c.Head < 0 {
		p.Add("head", "want a revision of 1 or more, or 0 for the current one", c.Head)
	}
}

// reservedNames are folders beside those of the names.
var reservedNames = []string{"blobs", "models", "evals", "erased"}

// CheckHome notes what is wrong with the flags that say where things lie.
func (c Common) CheckHome(p *Problems) {
	if !knownScheme(c.Root) {
		p.Add("root", "want gs://bucket/prefix or file:///path", c.Root)
	}
	if c.Registry != "" && !knownScheme(c.Registry) {
		p.Add("registry", "want gs://bucket/prefix or file:///path", c.Registry)
	}
	if !registryName.MatchString(c.Name) || slices.Contains(reservedNames, c.Name) {
		p.Add("name", "want 1 to 63 of a-z, 0-9, _ and -, and none of "+strings.Join(reservedNames, ", "), c.Name)
	}
}

func knownScheme(url string) bool {
	for _, scheme := range []string{"gs://", "file:///", "mem://"} {
		if strings.HasPrefix(url, scheme) && len(url) > len(scheme) {
			return true
		}
	}
	return false
}

// Run returns the run that the step writes to. The flags must have passed [Common.Check].
func (c Common) Run() contract.Run {
	day, err := calendar.ParseDate(c.AsOf)
	if err != nil {
		panic("task: Run before Check: " + err.Error())
	}
	return contract.NewRun(c.Pipeline, day, c.RunID)
}

// ReadRun returns the run whose steps are read: --from-run, or this one.
func (c Common) ReadRun() contract.Run {
	if c.FromRun == "" {
		return c.Run()
	}
	run, err := contract.ParseRun(c.FromRun)
	if err != nil {
		panic("task: ReadRun before Check: " + err.Error())
	}
	return run
}

// parseFloat reads a finite decimal number; no NaN, Inf, hex or underscores.
func parseFloat(s string) (float64, error) {
	for _, c := range s {
		if !strings.ContainsRune("0123456789+-.eE", c) {
			return 0, strconv.ErrSyntax
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err == nil && (math.IsInf(v, 0) || math.IsNaN(v)) {
		err = strconv.ErrRange
	}
	return v, err
}

// Workers returns how many goroutines a step may keep busy.
func Workers() int { return max(1, runtime.GOMAXPROCS(0)) }

// scratchFolder makes a folder for spool files, which is removed when the task ends.
func scratchFolder(name string) (string, func(), error) {
	dir, remove, err := scratch.Folder(name)
	if err != nil {
		return "", nil, hostFault("scratch", os.TempDir(), fmt.Errorf("%w; TMPDIR names another place", err))
	}
	return dir, remove, nil
}

// hostFault is about a file of the machine that the program runs on. A full disk or too many open files pass; a folder that
// cannot be written to is to be mended by a person.
func hostFault(cause, object string, err error) *fault.Fault {
	code := fault.ExitConfig
	if fault.Temporary(err) {
		code = fault.ExitTemporary
	}
	return &fault.Fault{Code: code, Cause: cause, Object: object, Err: err}
}
