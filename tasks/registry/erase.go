package registry

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
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
	Request     string // names a list of them in the root, "" for none
	Again       bool   // nobody new: whoever is on the list
	Yes         bool
	Approved    string // digest of the plan to carry out
	Reason      string
	Actor       string
	CustomerKey string // secret
	Warehouse   string // project.dataset, "" for none
	Location    string // of the dataset
}

// erased is the result of the command, with what a person sees of it besides.
type erased struct {
	contract.EraseResult
	whole contract.EraseResult // with all entries
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
Where one person asks and another approves, the ids can be a request in the root, requests/<name>.txt: --request=<name> plans it and says the
plan's digest, and --approved=<digest> carries out that plan and no other; then the request is deleted.
With a customer key, ids are as the shop writes them or as they are stored (64 hexadecimal digits).`,
	Example: "registry erase --root=gs://shop/clientele --file=keys.txt\nregistry erase --root=gs://shop/clientele --file=keys.txt --yes --reason='request 4711'\n" +
		"registry erase --root=gs://shop/clientele --again --yes",
	Flags: func() []cli.Flag {
		return append(append(task.HomeFlags(),
			task.String("file", "", "`FILE` of customers' ids, one a line (default: standard input)"),
			task.String("request", "", "`NAME` of a request: read the ids from requests/<name>.txt below the root, which is deleted when they are forgotten"),
			task.Bool("again", "read no ids: look for those who were forgotten before, as a step at work may have written of them"),
			task.Bool("yes", "carry out the plan; without it nothing is changed"),
			task.String("approved", "", "`DIGEST` of a plan: carry it out if that is still what would be done"),
			task.String("warehouse", "", "`DATASET` in BigQuery that publish publishes to, as project.dataset; empty for none"),
			task.String("location", "", "`LOCATION` of the dataset, such as EU (default: the dataset's own)"),
			task.Secret(task.String("customer-key", "", "`SECRET` key that ingest hashes customer ids with; set it in the environment, not on the command line")),
		), personFlags()...)
	},
	Config: func(c *cli.Context) EraseConfig {
		return EraseConfig{
			Common: task.NewCommon(c), File: c.String("file"), Request: c.String("request"), Again: c.Bool("again"), Yes: c.Bool("yes"),
			Approved: c.String("approved"), Reason: c.String("reason"), Actor: c.String("actor"),
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
	if c.Again && c.File+c.Request != "" || c.File != "" && c.Request != "" {
		p.Add("request", "of --file, --request and --again one at most", c.Request)
	}
	if c.Request != "" && !requestName.MatchString(c.Request) {
		p.Add("request", "want 1 to 63 of a-z, 0-9, _ and -, such as a ticket's number", c.Request)
	}
	if c.Approved != "" && !planDigest.MatchString(c.Approved) {
		p.Add("approved", "want a plan's digest, 64 of 0-9 and a-f", c.Approved)
	}
	if c.Warehouse != "" {
		if problem := warehouse.CheckName(c.Warehouse); problem != "" {
			p.Add("warehouse", problem, c.Warehouse)
		}
	}
	return p.Err()
}

func (c EraseConfig) erase(ctx context.Context, home *run.Home, d task.Deps) (erased, error) {
	k := &maintain.Keeper{Home: home, Tables: work.Tables(d), Log: d.Log}
	if r, err := k.Begun(ctx, c.Approved); err != nil || r != nil && r.Done { // by a try before, which may have deleted the request
		if err != nil {
			return erased{}, err
		}
		return c.answered(ctx, k, d, *r)
	}
	people, err := c.people(ctx, home)
	if err != nil {
		return erased{}, err
	}
	var holder [16]byte
	rand.Read(holder[:])
	e := maintain.Erasure{
		People: people, Actor: actor(c.Actor, program), Reason: c.Reason, Now: d.Now, Holder: hex.EncodeToString(holder[:]), Approved: c.Approved,
	}
	if c.Warehouse != "" {
		w, err := warehouse.Open(ctx, c.Warehouse, warehouse.Options{Location: c.Location, Scratch: d.Scratch})
		if err != nil {
			return erased{}, err
		}
		defer func() { _ = w.Close() }()
		e.Warehouse = w
	}
	if !c.Yes && c.Approved == "" {
		r, found, err := k.Plan(ctx, e)
		return erased{EraseResult: r.Short(), whole: r, found: found, uri: k.URI}, err
	}
	r, err := k.Erase(ctx, e)
	if err != nil {
		return erased{}, err
	}
	return c.answered(ctx, k, d, r)
}

// answered deletes the request of an erasure that is done. The error is a Fault if objects of the customers are left.
func (c EraseConfig) answered(ctx context.Context, k *maintain.Keeper, d task.Deps, r contract.EraseResult) (erased, error) {
	if c.Request != "" {
		left, err := k.Answered(ctx, c.Request, d.Now)
		if err != nil {
			return erased{}, err
		}
		r.Left = append(r.Left, left...)
	}
	return erased{EraseResult: r.Short(), whole: r}, stays(r)
}

// stays returns what to do about what could not be deleted; nil if nothing is left but texts that may mean something else.
func stays(r contract.EraseResult) error {
	left := map[string]int{}
	day, object := "", ""
	for _, l := range r.Left {
		left[l.Kind]++
		day = max(day, l.Until)
		if l.Kind != contract.LeftText {
			object = l.Object
		}
	}
	f := fault.Errorf(fault.ExitConfig, "left", object, "the customers are forgotten but for %d objects that the bucket keeps until %s, %d under a hold and %d that cannot be read: "+
		"erasures/%d.json lists them. Run erase --again then, when the holds are released and what is damaged is restored or deleted",
		left[contract.LeftRetention], cmp.Or(day, "a day to come"), left[contract.LeftHold], left[contract.LeftUnreadable], r.Erasure)
	switch f.Whole = true; {
	case left[contract.LeftRetention]+left[contract.LeftHold] > 0:
		return f
	case left[contract.LeftUnreadable] > 0:
		f.Code = fault.ExitBadData
		return f
	}
	return nil
}

func printErase(w io.Writer, all erased) error {
	r := all.whole
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := printer{w: t}
	for _, f := range all.found {
		old := ""
		if !f.Live {
			old = fmt.Sprintf("generation %d", f.Generation)
		}
		p.line("%s\t%s\t%d rows\t%d bytes\t%s", f.Kind, all.uri(f), f.Rows, f.Size, old)
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
	if r.WarehouseHours > 0 {
		p.line("BigQuery can give back rows for %d hours (time travel, then fail-safe)", r.WarehouseHours)
	}
	switch {
	case r.Done:
		p.line("%d customers are forgotten; receipt: erasures/%d.json", r.Customers, r.Erasure)
	case len(r.Objects)+len(r.Warehouse) == 0:
		p.line("nothing holds any of these %d customers; with --yes ingest will reject their records", r.Customers)
	default:
		p.line("nothing was changed; to forget these %d customers, run the command with --yes", r.Customers)
	}
	if !r.Done && r.Plan != "" {
		p.line("to do this and nothing else: --approved=%s", r.Plan)
	}
	return errors.Join(p.err, t.Flush())
}
