package objstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
)

// Names returns the names of the objects that begin with prefix, in byte order. It is for buckets that deliveries come from, and gs://
// alone has it: a listing is no transaction, and nobody may find by it what steps have written.
func (s *Store) Names(ctx context.Context, prefix string) ([]string, error) {
	b, err := s.bound(ctx, "list", cmp.Or(strings.TrimRight(prefix, "/"), "all"), 0)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	d, ok := s.drv.(*gsDriver)
	if !ok {
		return nil, b.wrap(errors.New("only buckets are listed"))
	}
	names, err := d.names(b.ctx, prefix, func() { b.grow(0) })
	slices.Sort(names)
	return names, b.wrap(err)
}

// names goes through the pages of a listing; page is called after each, so that the deadline is of a page.
func (d *gsDriver) names(ctx context.Context, prefix string, page func()) ([]string, error) {
	query := &storage.Query{Prefix: d.where.join(prefix)}
	if err := query.SetAttrSelection([]string{"Name"}); err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	var names []string
	for it := d.client.Bucket(d.where.host).Objects(ctx, query); ; {
		attrs, err := it.Next()
		if errors.Is(err, iterator.Done) {
			return names, nil
		}
		if err != nil {
			return nil, d.readError(ctx, err)
		}
		names = append(names, strings.TrimPrefix(attrs.Name, d.where.join("")))
		if it.PageInfo().Remaining() == 0 {
			page()
		}
	}
}
