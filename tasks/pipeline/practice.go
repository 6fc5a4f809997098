package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// practise compares the segments that score has published in this run with the kinds that --truth says were planted:
// nobody tells a real shop what its customers are.
func practise(ctx context.Context, c Config, home *run.Home, d task.Deps) (*contract.PracticeResult, error) {
	m, err := home.Current(ctx, c.Common.Run(), contract.Score)
	if err != nil {
		return nil, err
	}
	assignments, err := home.ReadTable(ctx, m, contract.Assignments, work.Tables(d))
	if err != nil {
		return nil, err
	}
	segments, segmentNumber := assignments.Strings("segment"), numbering{}
	found := make(map[string]int32, len(segments))
	for i, customer := range assignments.Strings("customer") {
		found[customer] = segmentNumber.of(segments[i])
	}
	var planted, published []int32
	kindNumber := numbering{}
	err = readTruth(c.Truth, func(customer, kind string) {
		if segment, ok := found[customer]; ok {
			delete(found, customer) // a customer counts once, whatever the file says
			published = append(published, segment)
			planted = append(planted, kindNumber.of(kind))
		}
	})
	if err != nil {
		return nil, err
	}
	r := &contract.PracticeResult{Customers: int64(len(planted)), Kinds: len(kindNumber)}
	if len(planted) == 0 {
		d.Log.Warn("no customer of the scores is in the truth: is it of another shop, or are customers hidden by --customer-key?", "truth", c.Truth)
		return r, nil
	}
	a := cluster.Agree(published, planted)
	r.ARI, r.AMI, r.Variation = &a.Rand, &a.Mutual, &a.Variation
	return r, nil
}

// numbering gives texts numbers in the order in which they come.
type numbering map[string]int32

func (n numbering) of(s string) int32 {
	i, ok := n[s]
	if !ok {
		i = int32(len(n))
		n[s] = i
	}
	return i
}

// checkTruth makes sure that --truth can be read, before all the work.
func checkTruth(path string) error {
	if path == "" {
		return nil
	}
	file, err := openTruth(path)
	if err != nil {
		return err
	}
	return file.Close()
}

func openTruth(path string) (*os.File, error) {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Errorf(fault.ExitMissing, "truth", path, "read --truth: %w", err)
	case err != nil:
		return nil, fmt.Errorf("read --truth: %w", err)
	}
	return file, nil
}

// readTruth goes through the planted kinds of a demo shop's truth.json.
func readTruth(path string, f func(customer, kind string)) error {
	file, err := openTruth(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	err = demo.EachKind(file, f)
	switch {
	case errors.Is(err, demo.ErrTruth):
		return fault.Errorf(fault.ExitBadData, "truth", path, "read --truth: %s: %w", path, err)
	case err != nil:
		return fmt.Errorf("read --truth: %w", err)
	}
	return nil
}
