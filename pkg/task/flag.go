package task

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
)

// EnvPrefix stands before the name of every flag's environment variable.
const EnvPrefix = "CLIENTELE_"

// Env returns the environment variable of a flag: customer-key → CLIENTELE_CUSTOMER_KEY.
func Env(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// String declares a text flag with its environment twin.
func String(name, value, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Value: value, Usage: usage, EnvVars: []string{Env(name)}}
}

// Int declares a whole-number flag with its environment twin.
func Int(name string, value int, usage string) cli.Flag {
	return &cli.IntFlag{Name: name, Value: value, Usage: usage, EnvVars: []string{Env(name)}}
}

// Float declares a number flag with its environment twin.
func Float(name string, value float64, usage string) cli.Flag {
	return &cli.Float64Flag{Name: name, Value: value, Usage: usage, EnvVars: []string{Env(name)}}
}

// Bool declares a switch with its environment twin.
func Bool(name string, usage string) cli.Flag {
	return &cli.BoolFlag{Name: name, Usage: usage, EnvVars: []string{Env(name)}}
}

// Categories that the contract reads: they say in --help and in contract.json what kind of flag it is.
const (
	categoryRequired = "required"
	categorySecret   = "secret"
)

// Required marks a text flag as one that must be given. Config.Validate is what enforces it: the library takes "" and an
// empty variable for given.
func Required(f cli.Flag) cli.Flag { return categorize(f, categoryRequired) }

// Secret marks a text flag whose value must come from the environment or a secret, and is never shown.
func Secret(f cli.Flag) cli.Flag { return categorize(f, categorySecret) }

func categorize(f cli.Flag, category string) cli.Flag {
	s, ok := f.(*cli.StringFlag)
	if !ok {
		panic("task: only a text flag can be required or secret")
	}
	s.Category = category
	return s
}

// Describe returns the flags as contract.json shows them.
func Describe(flags []cli.Flag) []contract.Flag {
	var out []contract.Flag
	for _, f := range flags {
		d := contract.Flag{Name: f.Names()[0], Env: Env(f.Names()[0])}
		switch f := f.(type) {
		case *cli.StringFlag:
			d.Kind, d.Default, d.Usage = "string", f.Value, f.Usage
			d.Required, d.Secret = f.Category == categoryRequired, f.Category == categorySecret
		case *cli.IntFlag:
			d.Kind, d.Default, d.Usage = "int", fmt.Sprint(f.Value), f.Usage
		case *cli.Float64Flag:
			d.Kind, d.Default, d.Usage = "float", fmt.Sprint(f.Value), f.Usage
		case *cli.BoolFlag:
			d.Kind, d.Default, d.Usage = "bool", "false", f.Usage
		default:
			panic(fmt.Sprintf("task: flag %s is of a kind (%T) that contract.json does not know", d.Name, f))
		}
		out = append(out, d)
	}
	return out
}

// Problems gathers everything that is wrong with a command line, so that a person mends it in one go.
type Problems struct {
	list []string
}

// Add notes a problem as `--flag: problem (got X)`.
func (p *Problems) Add(flag, problem string, got any) {
	p.list = append(p.list, fmt.Sprintf("--%s: %s (got %v)", flag, problem, quoted(got)))
}

// Secret notes a problem of a flag whose value must not be shown.
func (p *Problems) Secret(flag, problem string) {
	p.list = append(p.list, fmt.Sprintf("--%s: %s", flag, problem))
}

func quoted(v any) any {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return v
}

// Err returns nil, or a Fault of exit code 64 that lists every problem.
func (p *Problems) Err() error {
	if len(p.list) == 0 {
		return nil
	}
	return &fault.Fault{Code: fault.ExitUsage, Cause: "flags", Err: errors.New(strings.Join(p.list, "\n"))}
}

// scan goes through a command line and the environment before the library does, which would stop at the first mistake. It
// returns the arguments that parse, and notes every unknown flag, unreadable value and positional argument.
func scan(flags []cli.Flag, args []string, p *Problems) (good []string) {
	kinds := map[string]string{"help": "bool", "h": "bool", "version": "bool", "v": "bool"}
	for _, f := range Describe(flags) {
		kinds[f.Name] = f.Kind
		v, set := os.LookupEnv(f.Env)
		problem := ""
		if v != "" {
			problem = unreadable(f.Kind, v)
		}
		if problem != "" {
			p.list = append(p.list, fmt.Sprintf("%s: %s (got %q)", f.Env, problem, v))
		}
		if set && (v == "" || problem != "") {
			// An empty variable is none; at an unreadable one, noted above, the library would stop.
			_ = os.Unsetenv(f.Env)
		}
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, value, has := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		kind, known := kinds[name]
		switch {
		case !strings.HasPrefix(arg, "-") || name == "":
			p.list = append(p.list, fmt.Sprintf("%q: not a flag; this program takes none but flags", arg))
			continue
		case !known:
			p.list = append(p.list, fmt.Sprintf("--%s: no such flag%s", name, nearest(name, kinds)))
			if !has && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++ // most likely its value
			}
			continue
		case !has && kind != "bool":
			if i++; i == len(args) {
				p.list = append(p.list, fmt.Sprintf("--%s: needs a value", name))
				continue
			}
			value = args[i]
		case !has:
			value = "true"
		}
		if problem := unreadable(kind, value); problem != "" {
			p.Add(name, problem, value)
			continue
		}
		good = append(good, "--"+name+"="+value)
	}
	return good
}

// unreadable says why a value is not of its kind, or "".
func unreadable(kind, value string) string {
	var err error
	switch kind {
	case "int":
		var v int
		_, err = fmt.Sscanf(value+" ", "%d ", &v)
		if err == nil && fmt.Sprint(v) != strings.TrimPrefix(value, "+") {
			err = errors.New("not whole")
		}
	case "float":
		_, err = parseFloat(value)
	case "bool":
		if !slices.Contains([]string{"true", "false", "1", "0"}, strings.ToLower(value)) {
			return "want true or false"
		}
	}
	if err != nil {
		return map[string]string{"int": "want a whole number", "float": "want a number"}[kind]
	}
	return ""
}

// nearest suggests a flag that begins alike.
func nearest(name string, kinds map[string]string) string {
	var like []string
	for known := range kinds {
		if len(known) > 1 && len(name) > 2 && (strings.HasPrefix(known, name[:3]) || strings.Contains(known, name)) {
			like = append(like, "--"+known)
		}
	}
	if len(like) == 0 {
		return "; see --help"
	}
	slices.Sort(like)
	return "; did you mean " + strings.Join(like, " or ") + "?"
}
