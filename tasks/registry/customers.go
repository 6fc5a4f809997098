package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/maintain"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
)

var (
	requestName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	planDigest  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// maxKeys bounds the list of ids, in bytes.
const maxKeys = 16 << 20

// keys reads the customers' ids. No message has one of them.
func (c EraseConfig) keys(ctx context.Context, root *objstore.Store) (keys []string, err error) {
	in, name := io.Reader(os.Stdin), "standard input"
	switch {
	case c.Again:
		return nil, nil
	case c.Request != "":
		name = root.URI(contract.RequestPath(c.Request))
		text, _, err := root.Read(ctx, contract.RequestPath(c.Request))
		if errors.Is(err, objstore.ErrNotFound) {
			return nil, fault.Errorf(fault.ExitMissing, "request", name, "there is no request %s: put the customers' ids there, one a line", name)
		}
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(text)
	case c.File != "" && c.File != "-":
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
	keys, err := c.keys(ctx, home.Root)
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
