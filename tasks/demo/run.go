package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/task"
)

// Result is what demo reports.
type Result struct {
	LinesFile string      `json:"lines_file"`
	TruthFile string      `json:"truth_file"`
	Customers int         `json:"customers"`
	Records   int         `json:"records"`
	Lines     int         `json:"lines"` // records that are not broken
	First     retail.Date `json:"first"`
	Last      retail.Date `json:"last"`
}

// Run writes the shop. Each file appears whole or not at all, truth.json last.
func Run(ctx context.Context, c Config, d task.Deps) (Result, error) {
	o, err := c.options()
	if err != nil {
		return Result{}, err
	}
	shop, err := demo.New(o)
	if err != nil {
		return Result{}, fmt.Errorf("make shop: %w", err)
	}
	if err := os.MkdirAll(c.OutDir, 0o755); err != nil {
		return Result{}, &contract.Fault{Code: contract.ExitConfig, Cause: "out_dir", Object: c.OutDir, Err: err}
	}
	r := Result{LinesFile: filepath.Join(c.OutDir, "lines.csv"), TruthFile: filepath.Join(c.OutDir, "truth.json")}
	bar := d.Progress.Bar("demo shop", -1)
	defer bar.Done()

	var truth *demo.Truth
	err = writeWhole(r.LinesFile, func(w io.Writer) error {
		truth, err = shop.WriteLines(ctx, counted{w, bar})
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if err := writeWhole(r.TruthFile, truth.Write); err != nil {
		return Result{}, err
	}
	r.Customers, r.Records, r.Lines, r.First, r.Last = truth.Customers, truth.Records, truth.Lines, truth.First, truth.Last
	return r, nil
}

// counted shows on a bar what is written.
type counted struct {
	io.Writer
	bar task.Bar
}

// Write implements io.Writer.
func (c counted) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.bar.Add(int64(n))
	return n, err
}

// writeWhole writes a file beside its place and moves it there when it is complete.
func writeWhole(path string, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".demo-*")
	if err != nil {
		return &contract.Fault{Code: contract.ExitConfig, Cause: "out_dir", Object: path, Err: err}
	}
	err = write(tmp)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		if gone := os.Remove(tmp.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
