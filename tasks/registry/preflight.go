package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/maintain"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/warehouse"
)

// PreflightConfig is what preflight is told.
type PreflightConfig struct {
	task.Common
	Programs  string // separated by commas, "" for all
	Source    string // as ingest has it, "" for none
	Warehouse string // project.dataset, "" for none
	Location  string
}

// Preflight asks for every right that programs need.
var Preflight = task.Task[PreflightConfig, contract.PreflightResult]{
	Name: "registry-preflight", Usage: "check every right that a run needs, and say what to grant",
	Description: `Asks for each right that the programs have to have, as whoever runs this: to read, to create objects where each of them does, to
overwrite their pointers, to look for the source, to publish to the dataset; of erase, to list, overwrite and delete in both stores.
Nothing is changed: it offers each store an overwrite of a generation that no object has, which is refused for the generation if the
right is there, and deletes an object that nobody has. One small object is really created and read again, below the run, where it
expires like the run. Whatever is missing is listed at once, with what to grant.`,
	Example: "registry preflight --root=gs://shop/clientele --pipeline=preflight --run-id=manual --as-of=2011-12-10\n" +
		"registry preflight --root=gs://shop/clientele --pipeline=preflight --run-id=manual --as-of=2011-12-10 --programs=promote,registry",
	Flags: func() []cli.Flag {
		return append(task.CommonFlags(),
			task.String("programs", "", "`NAMES` of the programs that run as this account, separated by commas; erase for registry erase (default: all but erase)"),
			task.String("source", "", "the delivery as ingest reads it: an object in a `BUCKET` is looked for"),
			task.String("warehouse", "", "`DATASET` in BigQuery that publish writes to, as project.dataset"),
			task.String("location", "", "`LOCATION` of the dataset, such as EU (default: the dataset's own)"))
	},
	Config: func(c *cli.Context) PreflightConfig {
		return PreflightConfig{Common: task.NewCommon(c), Programs: c.String("programs"), Source: c.String("source"),
			Warehouse: c.String("warehouse"), Location: c.String("location")}
	},
	Run: func(ctx context.Context, c PreflightConfig, d task.Deps) (contract.PreflightResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, _ *registry.Registry) (contract.PreflightResult, error) {
			return c.check(ctx, home)
		})
	},
	Print: func(w io.Writer, r contract.PreflightResult) error {
		_, err := fmt.Fprintf(w, "%d rights are there\n", len(r.Checked))
		return err
	},
	Says: func(r contract.PreflightResult) string { return fmt.Sprintf("%d rights are there", len(r.Checked)) },
}

// eraser stands for registry erase, which has an account of its own: alone among the programs it deletes.
const eraser = "erase"

// known are the programs that need rights, but for erase.
func known() []string {
	all := []string{program}
	for _, s := range contract.Steps {
		all = append(all, s.Name)
	}
	return all
}

// Validate reports every problem at once.
func (c PreflightConfig) Validate() error {
	var p task.Problems
	c.Check(&p)
	for _, name := range c.programs() {
		if all := append(known(), eraser); !slices.Contains(all, name) {
			p.Add("programs", "want some of "+strings.Join(all, ", "), name)
		}
	}
	if problem := warehouse.CheckName(c.Warehouse); c.Warehouse != "" && problem != "" {
		p.Add("warehouse", problem, c.Warehouse)
	}
	return p.Err()
}

func (c PreflightConfig) programs() []string {
	if c.Programs == "" {
		return known()
	}
	return strings.Split(c.Programs, ",")
}

// rights collects what is there and what is missing.
type rights struct {
	checked []string
	missing []string
	err     error // what kept it from being found out
}

// ask notes the outcome of asking for a right. grant is what to grant, on which object.
func (r *rights) ask(object, grant string, err error) {
	switch {
	case r.err != nil:
	case err == nil:
		r.checked = append(r.checked, grant+" on "+object)
	case errors.Is(err, objstore.ErrNoStore):
		r.missing = append(r.missing, fmt.Sprintf("%s: there is no such bucket or folder", object))
	case fault.CodeOf(err) == fault.ExitConfig:
		r.missing = append(r.missing, fmt.Sprintf("%s: grant %s (%v)", object, grant, err))
	default:
		r.err = err
	}
}

func (c PreflightConfig) check(ctx context.Context, home *run.Home) (contract.PreflightResult, error) {
	var r rights
	c.probe(ctx, home, &r)
	for _, p := range contract.Layout {
		if store := storeOf(home, p); c.writes(p) {
			name := c.example(p)
			grant := "roles/storage.objectCreator"
			if p.Pointer {
				grant = "roles/storage.objectUser"
			}
			_, err := store.Swap(ctx, name, maintain.NoGeneration, []byte("{}"))
			if errors.Is(err, objstore.ErrConflict) {
				err = nil // refused for its generation alone
			}
			r.ask(store.URI(name), grant, err)
		}
	}
	if slices.Contains(c.programs(), eraser) {
		for _, store := range []*objstore.Store{home.Root, home.Registry} {
			r.ask(strings.TrimRight(store.URI(""), "/"), "roles/storage.objectUser", maintain.May(ctx, store))
		}
	}
	if slices.Contains(c.programs(), contract.Ingest) {
		r.ask(c.Source, "roles/storage.objectViewer", look(ctx, c.Source))
	}
	if c.Warehouse != "" && slices.ContainsFunc(c.programs(), func(name string) bool { return name == contract.Publish || name == eraser }) {
		r.ask(c.Warehouse, "roles/bigquery.dataEditor on the dataset and roles/bigquery.jobUser on the project", c.publish(ctx))
	}
	slices.Sort(r.checked)
	result := contract.PreflightResult{Checked: slices.Compact(r.checked), Missing: r.missing}
	if r.err == nil && len(r.missing) > 0 {
		r.err = fault.Errorf(fault.ExitConfig, "rights", home.Root.URI(""), "%d rights are missing: %s", len(r.missing), strings.Join(r.missing, "; "))
	}
	return result, r.err
}

func storeOf(home *run.Home, p contract.Place) *objstore.Store {
	if p.Registry {
		return home.Registry
	}
	return home.Root
}

// writes says whether one of the programs writes such objects. A writer is a program, or a command of one.
func (c PreflightConfig) writes(p contract.Place) bool {
	if p.Writers == nil {
		return slices.ContainsFunc(c.programs(), step)
	}
	return slices.ContainsFunc(p.Writers, func(writer string) bool {
		name, _, _ := strings.Cut(writer, " ")
		return slices.Contains(c.programs(), name)
	})
}

// step says whether a program is a step of runs.
func step(name string) bool { return name != program && name != eraser }

var placeholder = regexp.MustCompile(`<[^>]+>`)

// example is the name of an object of that kind that nothing has.
func (c PreflightConfig) example(p contract.Place) string {
	return placeholder.ReplaceAllStringFunc(p.Path, func(word string) string {
		if word == "<name>" && !strings.HasSuffix(p.Path, "/<name>") {
			return c.Name
		}
		return "preflight"
	})
}

// probe creates an object below the run, if it is a step's to do so, and reads what it may.
func (c PreflightConfig) probe(ctx context.Context, home *run.Home, r *rights) {
	read := func(s *objstore.Store, name string) {
		_, err := s.Stat(ctx, name)
		if errors.Is(err, objstore.ErrNotFound) {
			err = nil
		}
		r.ask(s.URI(name), "roles/storage.objectViewer", err)
	}
	read(home.Root, contract.LinesStatePath())
	read(home.Registry, contract.HeadPath(home.Name))
	if !slices.ContainsFunc(c.programs(), step) {
		return
	}
	name := contract.OutputPath(c.Run(), "preflight", "probe", "probe.json")
	want := []byte("{\"preflight\":true}\n")
	_, err := home.Root.CreateBytes(ctx, name, want)
	if errors.Is(err, objstore.ErrExists) {
		err = nil
	}
	r.ask(home.Root.URI(name), "roles/storage.objectCreator", err)
	if err != nil {
		return
	}
	got, _, err := home.Root.Read(ctx, name)
	if err == nil && string(got) != string(want) {
		err = fault.Errorf(fault.ExitBadData, "damaged", home.Root.URI(name), "the object has %q, and %q was written", got, want)
	}
	r.ask(home.Root.URI(name), "roles/storage.objectViewer", err)
}

// look asks for an object in a bucket; that it is not there yet is as well. Other sources are for ingest.
func look(ctx context.Context, source string) error {
	bucket, object, ok := strings.Cut(strings.TrimPrefix(source, "gs://"), "/")
	if !ok || !strings.HasPrefix(source, "gs://") || strings.ContainsAny(source, "{*?\n") {
		return nil
	}
	s, err := objstore.Open(ctx, "gs://"+bucket, nil)
	if err != nil {
		return err
	}
	_, err = s.Stat(ctx, object)
	if errors.Is(err, objstore.ErrNotFound) {
		err = nil
	}
	return errors.Join(err, s.Close())
}

func (c PreflightConfig) publish(ctx context.Context) error {
	w, err := warehouse.Open(ctx, c.Warehouse, warehouse.Options{Location: c.Location})
	if err != nil {
		return err
	}
	return errors.Join(w.Check(ctx), w.Close())
}
