package score

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/rfm"
)

// errGrid is the class of RFM grids that cannot be used.
var errGrid = fault.ErrConfig.New("rfm_grid", "the RFM grid cannot be used")

// maxGrid bounds a file with an RFM grid, in bytes: far above what 125 cells take.
const maxGrid = 1 << 20

// loadGrid reads the shop's own RFM grid, and returns the hash of its text; without a location neither.
func loadGrid(ctx context.Context, where string, opts source.Options) (*rfm.Own, string, error) {
	if where == "" {
		return nil, "", nil
	}
	text, name, err := source.ReadText(ctx, where, maxGrid, opts)
	if errors.Is(err, source.ErrFormat) {
		return nil, "", errGrid.Errorf("rfm_grid", name, "--rfm-grid: %w", err)
	}
	if err != nil {
		return nil, "", fmt.Errorf("--rfm-grid: %w", err)
	}
	own, err := parseGrid(text)
	if err != nil {
		return nil, "", errGrid.Errorf("rfm_grid", name, "--rfm-grid: %s: %w", name, err)
	}
	return own, contract.SHA256(text), nil
}

// parseGrid reads a grid in TOML. A key that this program does not know is an error: it would be without effect.
func parseGrid(text []byte) (*rfm.Own, error) {
	var file struct {
		Version int `toml:"version"`
		rfm.Own
	}
	meta, err := toml.Decode(string(text), &file)
	if at, ok := errors.AsType[toml.ParseError](err); ok {
		return nil, fmt.Errorf("line %d: %s", at.Position.Line, at.Message)
	}
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("it is of version %d, this program reads version 1: its first line is version = 1", file.Version)
	}
	var wrong []error
	for _, key := range meta.Undecoded() {
		wrong = append(wrong, fmt.Errorf("unknown key %s", key))
	}
	if wrong = append(wrong, file.Check()); errors.Join(wrong...) != nil {
		return nil, errors.New(strings.ReplaceAll(errors.Join(wrong...).Error(), "\n", "; "))
	}
	return &file.Own, nil
}
