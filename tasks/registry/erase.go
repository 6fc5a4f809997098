package registry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/maintain"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/pkg/warehouse"
)

// EraseConfig is what erase is told.
type EraseConfig struct {
	task.Common
	File        string // of the customers' keys; "" or - is standard input
	Again       bool   // nobody new: whoever is on the list
	Yes         bool
	Reason      string
	Actor       string
	CustomerKey string // secret
	Warehouse   string // project.dataset, "" for none
	Location    string // of the dataset
}

// erased is the result of the command, with what a person sees of it besides.
type erased struct {
	contract.EraseResult
	found []maintain.Found
	uri   func(maintain.Found) string
}

// Erase forgets customers.
var Erase = task.Task[EraseConfig, erased]{
	Large: true, // a row an export
	Name:  "registry-erase", Usage: "forget customers everywhere: a plan, or with --yes the deed",
	Description: `Reads customers' ids, one a line, from standard input or --file, never from the command line. Without --yes it looks into every object
below --root and --registry, lists those that hold the customers, and changes nothing. With --yes it forgets them: lines, rejected records, runs,
campaigns and the log of what was sent are written again without them and the old objects deleted, rows in the tables of --warehouse too; HEAD gets a revision of the same model without
them, and models before that held them are marked: nobody can roll back to those. From then on ingest rejects their records, counted and not
named. The receipt, erasures/<n>.json, has no id. The same command again goes on where one was stopped, and changes nothing when all is done.
With a customer key, ids are as the shop writes them or as they are stored (64 hexadecimal digits).`,
	Example: "registry erase --root=gs://shop/clientele --file=keys.txt\nregistry erase --root=gs://shop/clientele --file=keys.txt --yes --reason='request 4711'\n" +
		"registry erase --root=gs://shop/clientele --again --yes",
	Flags: func() []cli.Flag {
		return append(append(task.HomeFlags(),
			task.String("file", "", "`FILE` of customers' ids, one a line (default: standard input)"),
			task.Bool("again", "read no ids: look for those who were forgotten before, as a step at work may have written of them"),
			task.Bool("yes", "carry out the plan; without it nothing is changed"),
			task.String("warehouse", "", "`DATASET` in BigQuery that publish publishes to, as project.dataset; empty for none"),
			task.String("location", "", "`LOCATION` of the dataset, such as EU (default: the dataset's own)"),
			task.Secret(task.String("customer-key", "", "`SECRET` key that ingest hashes customer ids with; set it in the environment, not on the command line")),
		), personFlags()...)
	},
	Config: func(c *cli.Context) EraseConfig {
		return EraseConfig{
			Common: task.NewCommon(c), File: c.String("file"), Again: c.Bool("again"), Yes: c.Bool("yes"), Reason: c.String("reason"), Actor: c.String("actor"),
			CustomerKey: c.String("customer-key"), Warehouse: c.String("warehouse"), Location: c.String("location"),
		}
	},
	Run: func(ctx context.Context, c EraseConfig, d task.Deps) (erased, error) {
		return with(ctx, c.Common, d, func(home *run.Home, _ *registry.Registry) (erased, error) { return c.erase(ctx, home, d) })
	},
	Print: printErase,
}

// Validate reports every problem at once.
func (c EraseConfig) Validate() error {
	var p task.Problems
	c.CheckHome(&p)
	if c.Again && c.File != "" {
		p.Add("again", "reads no ids, so it goes without --file", c.File)
	}
	if c.Warehouse != "" {
		if problem := warehouse.CheckName(c.Warehouse); problem != "" {
			p.Add("warehouse", problem, c.Warehouse)
		}
	}
	return p.Err()
}

// maxKeys bounds the list of ids, in bytes.
const maxKeys = 16 << 20

// keys reads the customers' ids. No message has one of them.
func (c EraseConfig) keys() (keys []string, err error) {
	if c.Again {
		return nil, nil
	}
	in, name := io.Reader(os.Stdin), "standard input"
	if c.File != "" && c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, fault.Errorf(fault.ExitUsage, "file", c.File, "--file: %w", err)
		}
		defer func() { _ = f.Close() }()
		in, name = f, c.File
	}
	text, err := io.ReadAll(io.LimitReader(in, maxKeys+1))
	if err != nil {
		return nil, fault.Errorf(fault.ExitUsage, "file", name, "read customers' ids from %s: %w", name, err)
	}
	if len(text) > maxKeys {
		return nil, fault.Errorf(fault.ExitUsage, "file", name, "%s has over %d MiB of ids: give them in several files, one command each", name, maxKeys>>20)
	}
	for key := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		if key = strings.TrimSpace(key); key != "" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fault.Errorf(fault.ExitUsage, "file", name, "%s has no customer's id: want one a line", name)
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// people returns who is looked for. Ids must be made as ingest makes them: by the same customer key.
func (c EraseConfig) people(ctx context.Context, home *run.Home) (*maintain.People, error) {
	keys, err := c.keys()
	if err != nil {
		return nil, err
	}
	now, err := lines.Open(ctx, home.Root, contract.Run{})
	if err != nil {
		return nil, err
	}
	mark, has := now.Snapshot.KeyMark, record.KeyMark([]byte(c.CustomerKey))
	hashed := mark != "" || now.SHA256 == "" && has != ""
	plain := slices.ContainsFunc(keys, func(k string) bool { return !maintain.IsHMAC(k) })
	switch {
	case has != "" && now.SHA256 != "" && has != mark:
		return nil, fault.Errorf(fault.ExitConfig, "customer_key", home.Root.URL(), "the stored ids are hashed with %s, --customer-key is another (mark %s): no customer would be found",
			markName(mark), has)
	case mark != "" && has == "" && plain:
		return nil, fault.Errorf(fault.ExitConfig, "customer_key", home.Root.URL(),
			"the stored ids are hashed with the key of mark %s: give that key by CLIENTELE_CUSTOMER_KEY, or the ids as they are stored, 64 hexadecimal digits each", mark)
	}
	p := maintain.NewPeople(keys, []byte(c.CustomerKey), hashed)
	if len(keys) > 0 && len(p.IDs()) == 0 {
		return nil, fault.Errorf(fault.ExitUsage, "file", "", "none of the %d lines is a customer's id: each is a word for nobody", len(keys))
	}
	return p, nil
}

func markName(mark string) string {
	if mark == "" {
		return "no key"
	}
	return "the key of mark " + mark
}

func (c EraseConfig) erase(ctx context.Context, home *run.Home, d task.Deps) (erased, error) {
	people, err := c.people(ctx, home)
	if err != nil {
		return erased{}, err
	}
	var holder [16]byte
	rand.Read(holder[:])
	k := &maintain.Keeper{Home: home, Tables: work.Tables(d), Log: d.Log}
	e := maintain.Erasure{People: people, Actor: actor(c.Actor, program), Reason: c.Reason, Now: d.Now, Holder: hex.EncodeToString(holder[:])}
	if c.Warehouse != "" {
		w, err := warehouse.Open(ctx, c.Warehouse, warehouse.Options{Location: c.Location, Scratch: d.Scratch})
		if err != nil {
			return erased{}, err
		}
		defer func() { _ = w.Close() }()
		e.Warehouse = w
	}
	out := erased{uri: k.URI}
	if !c.Yes {
		out.EraseResult, out.found, err = k.Plan(ctx, e)
		return out, err
	}
	out.EraseResult, err = k.Erase(ctx, e)
	return out, err
}

func printErase(w io.Writer, r erased) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := printer{w: t}
	for _, f := range r.found {
		old := ""
		if !f.Live {
			old = fmt.Sprintf("generation %d", f.Generation)
		}
		p.line("%s\t%s\t%d rows\t%d bytes\t%s", f.Kind, r.uri(f), f.Rows, f.Size, old)
	}
	if len(r.Objects) > 0 {
		p.line("where\twhat\tobjects\trows\tbytes")
	}
	for _, o := range r.Objects {
		p.line("%s\t%s\t%d\t%d\t%d", o.Where, o.Kind, o.Objects, o.Rows, o.Bytes)
	}
	for _, o := range r.Warehouse {
		p.line("warehouse\t%s\t\t%d\t", o.Table, o.Rows)
	}
	for _, m := range r.Models {
		switch {
		case m.Successor != "":
			p.line("model %s: HEAD of %s is now model %s, revision %d, without them", short(m.ModelID), m.Name, short(m.Successor), m.Seq)
		case m.Name != "":
			p.line("model %s is HEAD of %s: it gets a revision without them", short(m.ModelID), m.Name)
		default:
			p.line("model %s: nobody can roll back to it", short(m.ModelID))
		}
	}
	for _, x := range r.Exports {
		p.line("to do: list %s of %s (export %s) went to %s on %s with %d of them: take them out there", x.List, x.Segment, short(x.ID), x.Tool, x.At, x.Customers)
	}
	for _, l := range r.Left {
		p.line("left: %s %s: %s", l.Object, l.Until, l.Why)
	}
	if r.KeptHours > 0 {
		p.line("the bucket can give back what is deleted for %d hours (soft delete)", r.KeptHours)
	}
	switch {
	case r.Done:
		p.line("%d customers are forgotten; receipt: erasures/%d.json", r.Customers, r.Erasure)
	case len(r.Objects)+len(r.Warehouse) == 0:
		p.line("nothing holds any of these %d customers; with --yes ingest will reject their records", r.Customers)
	default:
		p.line("nothing was changed; to forget these %d customers, run the command with --yes", r.Customers)
	}
	return errors.Join(p.err, t.Flush())
}
