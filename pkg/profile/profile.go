// Package profile reads and writes a shop's profile: one file in TOML that says how its deliveries are read and what their lines
// mean. It is kept beside what runs the steps, and ingest and preprocess take it.
//
//	version = 1
//
//	[read]
//	separator = "semicolon"
//	date_layout = "02.01.2006 15:04"
//
//	[meaning]
//	discounts = "allocate"
package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/retail"
)

// Version is the version of a profile.
const Version = 1

// Usage describes the flag that names a profile.
const Usage = "`FILE` with the shop's profile, in TOML: how deliveries are read and what their lines mean; a path or a gs:// or https:// URL. Flags win over it"

// maxBytes bounds a profile: far above what a shop has to say.
const maxBytes = 1 << 20

// Profile is what a profile says. A part that is not there is decided from the lines.
type Profile struct {
	Version int             `toml:"version"`
	Read    reading.Reading `toml:"read"`
	Meaning retail.Meaning  `toml:"meaning"`
}

// ErrProfile is the class of profiles that cannot be used.
var ErrProfile = fault.ErrConfig.New("profile", "the profile cannot be used")

// Parse reads a profile and checks its version and how deliveries are read. A key that this program does not know is an error:
// it would be without effect.
func Parse(text []byte) (Profile, error) {
	var p Profile
	meta, err := toml.Decode(string(text), &p)
	if err != nil {
		if at, ok := errors.AsType[toml.ParseError](err); ok {
			return p, fmt.Errorf("line %d: %s", at.Position.Line, at.Message)
		}
		return p, errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	switch {
	case !meta.IsDefined("version"):
		return p, fmt.Errorf("it has no version: its first line is version = %d", Version)
	case p.Version != Version:
		return p, fmt.Errorf("it is of version %d, this program reads version %d", p.Version, Version)
	}
	var wrong []string
	for _, key := range meta.Undecoded() {
		wrong = append(wrong, "unknown key "+key.String())
	}
	for _, problem := range p.Read.Problems() {
		wrong = append(wrong, fmt.Sprintf("read.%s: %s (got %q)", problem.Part, problem.Why, problem.Got))
	}
	for _, problem := range p.Meaning.Problems() {
		wrong = append(wrong, "meaning."+problem)
	}
	if len(wrong) > 0 {
		return p, errors.New(strings.Join(wrong, "; "))
	}
	p.Read = p.Read.Clean()
	return p, nil
}

// Load reads the profile at a path, a file://, gs:// or https:// location; "" is one that says nothing. Errors are of class
// [ErrProfile], of those of package source, or ctx's.
func Load(ctx context.Context, where string, opts source.Options) (p Profile, err error) {
	if where == "" {
		return p, nil
	}
	text, name, err := source.ReadText(ctx, where, maxBytes, opts)
	if errors.Is(err, source.ErrFormat) {
		return p, ErrProfile.Errorf("profile", name, "--profile: %w", err)
	}
	if err != nil {
		return p, fmt.Errorf("--profile: %w", err)
	}
	if p, err = Parse(text); err != nil {
		return p, ErrProfile.Errorf("profile", name, "--profile: %s: %w", name, err)
	}
	return p, nil
}

// Text returns the profile as a file. comments are said above the sections, a line each.
func (p Profile) Text(comments ...string) ([]byte, error) {
	var out bytes.Buffer
	for _, line := range comments {
		_, _ = fmt.Fprintf(&out, "# %s\n", strings.ReplaceAll(line, "\n", " "))
	}
	p.Version = Version
	enc := toml.NewEncoder(&out)
	enc.Indent = ""
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("write profile: %w", err)
	}
	return out.Bytes(), nil
}
