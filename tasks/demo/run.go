package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/task"
)

// Result is what demo reports.
type Result struct {
	LinesFile string        `json:"lines_file"`
	TruthFile string        `json:"truth_file"`
	Customers int           `json:"customers"`
	Records   int           `json:"records"`
	Lines     int           `json:"lines"` // records that are not broken
	First     calendar.Date `json:"first"`
	Last      calendar.Date `json:"last"`
}

// Run writes the shop. Each file appears whole or not at all, and never does a truth.json stand beside lines.csv that is about
// other lines: one that was there goes before lines.csv comes, and the new one comes last.
func Run(ctx context.Context, c Config, d task.Deps) (Result, error) {
	o, err := c.options()
	if err != nil {
		return Result{}, err
	}
	shop, err := demo.New(o)
	if err != nil {
		return Result{}, fmt.Errorf("make shop: %w", err)
	}
	if err := prepare(c.OutDir); err != nil {
		return Result{}, &fault.Fault{Code: fault.ExitConfig, Cause: "out_dir", Object: c.OutDir, Err: err}
	}
	r := Result{LinesFile: filepath.Join(c.OutDir, "lines.csv"), TruthFile: filepath.Join(c.OutDir, "truth.json")}
	bar := d.Progress.Bar("demo shop", -1)
	defer bar.Done()

	var truth *demo.Truth
	lines, err := write(r.LinesFile, func(w io.Writer) error {
		truth, err = shop.WriteLines(ctx, counted{w, bar})
		return err
	})
	if err != nil {
		return Result{}, err
	}
	about, err := write(r.TruthFile, truth.Write)
	if err != nil {
		return Result{}, errors.Join(err, os.Remove(lines))
	}
	if err := place(lines, r.LinesFile, about, r.TruthFile); err != nil {
		return Result{}, errors.Join(err, gone(lines), gone(about))
	}
	r.Customers, r.Records, r.Lines, r.First, r.Last = truth.Customers, truth.Records, truth.Lines, truth.First, truth.Last
	return r, nil
}

// unfinished are the names of files that are being written.
const unfinished = ".demo-*"

// prepare makes the folder, and removes what a run that was killed has left there.
func prepare(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if left, _ := filepath.Match(unfinished, e.Name()); left && e.Type().IsRegular() {
			err = errors.Join(err, gone(filepath.Join(folder, e.Name())))
		}
	}
	return err
}

// gone removes a file that may be there.
func gone(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// write writes a file beside its place and returns where.
func write(path string, write func(io.Writer) error) (tmp string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), unfinished)
	if err != nil {
		return "", &fault.Fault{Code: fault.ExitConfig, Cause: "out_dir", Object: path, Err: err}
	}
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return "", fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return f.Name(), nil
}

// place moves both files to their places.
func place(lines, linesFile, about, truthFile string) error {
	if err := gone(truthFile); err != nil {
		return fmt.Errorf("write %s: %w", truthFile, err)
	}
	if err := os.Rename(lines, linesFile); err != nil {
		return fmt.Errorf("write %s: %w", linesFile, err)
	}
	if err := os.Rename(about, truthFile); err != nil {
		return fmt.Errorf("write %s: %w", truthFile, err)
	}
	return nil
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
