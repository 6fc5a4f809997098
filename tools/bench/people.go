//go:build ignore

// People makes a run with many customers out of one with fewer, to measure the steps that work on one row a customer: its preprocess has
// every customer of another run so many times, each under a name of its own, and all else from that run.
//
//	go run tools/bench/people.go --root=file:///tmp/shop/root --as-of=2025-03-01 --run=growth/growth --to=growth/millions --copies=25
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
)

func main() {
	root := flag.String("root", "", "root of both runs")
	asOf := flag.String("as-of", "", "their as-of date")
	from := flag.String("run", "", "pipeline/run-id to read")
	to := flag.String("to", "", "pipeline/run-id to write")
	copies := flag.Int("copies", 1, "rows for each customer")
	flag.Parse()
	if err := grow(context.Background(), *root, *asOf, *from, *to, *copies); err != nil {
		log.Fatal(err)
	}
}

func named(text, asOf string) (contract.Run, error) {
	pipeline, id, _ := strings.Cut(text, "/")
	day, err := calendar.ParseDate(asOf)
	return contract.NewRun(pipeline, day, id), err
}

func grow(ctx context.Context, root, asOf, from, to string, copies int) error {
	home, err := run.OpenHome(ctx, root, "", "buyers", nil)
	if err != nil {
		return err
	}
	defer home.Close()
	old, err := named(from, asOf)
	if err != nil {
		return err
	}
	m, err := home.Current(ctx, old, contract.Preprocess)
	if err != nil {
		return err
	}
	people, err := home.ReadTable(ctx, m, contract.Customers, table.Options{})
	if err != nil {
		return err
	}
	in := m.Inputs
	in.Code = fmt.Sprintf("%s × %d", in.Code, copies)
	now, err := named(to, asOf)
	if err != nil {
		return err
	}
	s, err := home.Begin(ctx, now, contract.Preprocess, in)
	if err != nil {
		return err
	}
	for name, st := range m.Objects {
		s.Take(name, st)
	}
	err = s.PutTable(ctx, contract.Customers, table.Options{}, func(w *table.Writer) error {
		rows := make([]int, copies)
		for i, name := range people.Strings("customer") {
			for k := range rows {
				rows[k] = i
			}
			some := people.Take(rows)
			for k := range rows {
				some.Strings("customer")[k] = fmt.Sprintf("%s-%04d", name, k)
			}
			if err := w.WriteFrame(some); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.Commit(ctx, json.RawMessage(m.Result))
	return err
}
