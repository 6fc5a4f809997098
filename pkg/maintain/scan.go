package maintain

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/table"
)

// Found is one generation of an object that holds customers who are looked for.
type Found struct {
	Where string // InRoot or InRegistry
	Kind  string // the table's name, or what else it is
	objstore.Item
	Rows int64 // of these customers
	// Arms counts them by arm, in a campaign's table.
	Arms map[string]int64
	// Unreadable says why it is not known what the object holds.
	Unreadable string
}

// scans is how many objects are looked into at a time.
const scans = 8

// Kinds of objects that are no tables.
const (
	kindText       = "text"
	kindPage       = "page"
	kindUnreadable = "unreadable"
	kindRequest    = "request"
	// kindParquet are copies of tables on their way to the warehouse: nothing names them once they are there, so one that holds the
	// customers is deleted with all its rows. A publication that is at work fails without it, and makes it again.
	kindParquet = "parquet"
)

// scan looks into every object of both stores.
func (k *Keeper) scan(ctx context.Context, people *People) ([]Found, error) {
	root, registry, err := k.list(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var found []Found
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(scans)
	look := func(where string, items []objstore.Item) {
		for _, item := range items {
			if where == InRoot && strings.HasPrefix(item.Name, "requests/") {
				continue // each is deleted when it is answered
			}
			g.Go(func() error {
				f, err := k.look(ctx, where, item, people)
				if err != nil || f == nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				found = append(found, *f)
				return nil
			})
		}
	}
	look(InRoot, root)
	look(InRegistry, registry)
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b Found) int {
		return strings.Compare(fmt.Sprintf("%s/%s/%020d", a.Where, a.Name, a.Generation), fmt.Sprintf("%s/%s/%020d", b.Where, b.Name, b.Generation))
	})
	return found, nil
}

// arrowMagic begins every Arrow file.
var arrowMagic = []byte("ARROW1")

// customerColumn is what the column of customers is called in every table.
const customerColumn = "customer"

// parquetMagic begins every Parquet file.
var parquetMagic = []byte("PAR1")

// look returns what an object holds, nil for nothing. One that is deleted in the meantime holds nothing.
func (k *Keeper) look(ctx context.Context, where string, item objstore.Item, people *People) (*Found, error) {
	generation := item.Generation
	if item.Live {
		generation = 0
	}
	o, err := k.store(where).Open(ctx, item.Name, generation)
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = o.Close() }()
	f := &Found{Where: where, Item: item}
	f.Attrs = o.Attrs
	head := make([]byte, len(arrowMagic))
	if n, err := o.ReadAt(head, 0); n < len(head) && err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", item.Name, err)
	}
	switch {
	case bytes.Equal(head, arrowMagic):
		return k.lookTable(o, f, people)
	case where == InRoot && bytes.HasPrefix(head, parquetMagic):
		f.Kind = kindParquet
		if f.Rows, err = parquetRows(o, o.Size, people); err != nil {
			f.Kind, f.Unreadable = kindUnreadable, err.Error()
		} else if f.Rows == 0 {
			return nil, nil
		}
		return f, nil
	}
	return lookText(o, f, people)
}

func (k *Keeper) lookTable(o *objstore.Object, f *Found, people *People) (*Found, error) {
	r, err := table.OpenAny(o, o.Size, k.Tables)
	if err != nil {
		f.Kind, f.Unreadable = kindUnreadable, err.Error()
		return f, nil
	}
	defer func() { _ = r.Close() }()
	f.Kind, f.Arms = r.Schema().Name, map[string]int64{}
	err = r.Each(func(rows *frame.Frame) error {
		hers := matcher(rows, people)
		arms := rows.Column("arm")
		for i := range rows.Rows() {
			if hers(i) {
				f.Rows++
				if arms != nil {
					f.Arms[arms.Strings[i]]++
				}
			}
		}
		return nil
	})
	if err != nil {
		f.Kind, f.Unreadable = kindUnreadable, err.Error()
		return f, nil
	}
	if f.Rows == 0 {
		return nil, nil
	}
	return f, nil
}

// matcher returns what says whether a row is about a customer who is looked for: the column customer, and the text of a rejected
// record.
func matcher(rows *frame.Frame, people *People) func(int) bool {
	customer, raw := rows.Column(customerColumn), rows.Column("raw")
	return func(i int) bool {
		return customer != nil && customer.Kind == frame.Text && people.Has(customer.Strings[i]) ||
			raw != nil && raw.Kind == frame.Text && people.InText(raw.Strings[i])
	}
}

// lookText looks for the customers in a page, and in the texts of a JSON object, as a whole text or a member's name. No JSON object of
// Clientele is meant to hold one.
func lookText(o *objstore.Object, f *Found, people *People) (*Found, error) {
	if o.Size > objstore.MaxRead {
		return nil, nil
	}
	text := make([]byte, o.Size)
	if n, err := o.ReadAt(text, 0); int64(n) < o.Size {
		return nil, fmt.Errorf("read %s: %w", f.Name, err)
	}
	var value any
	switch {
	case json.Unmarshal(text, &value) == nil:
		if !inJSON(value, people) {
			return nil, nil
		}
		f.Kind = kindText
	case path.Ext(f.Name) == ".html":
		ids, err := pageCustomers(text)
		if err != nil {
			f.Kind, f.Unreadable = kindUnreadable, err.Error()
			return f, nil
		}
		if !slices.ContainsFunc(ids, people.Has) {
			return nil, nil
		}
		f.Kind = kindPage
	default:
		return nil, nil
	}
	f.Rows = 1
	return f, nil
}

// packTag begins what says how the customers of a page are read, and columnsTag their columns, which pages of before have in the pack:
// see pack in pkg/report.
var (
	packTag    = []byte(`<script type="application/json" id="pack">`)
	columnsTag = []byte(`<script type="text/plain" id="columns">`)
)

// pageCustomers returns the ids of the customers that a page holds.
func pageCustomers(text []byte) (ids []string, err error) {
	_, rest, ok := bytes.Cut(text, packTag)
	if !ok {
		return nil, nil
	}
	packed, _, _ := bytes.Cut(rest, []byte("</script>"))
	var p struct {
		Columns []struct {
			Name     string
			At, Size int
		}
		Left [][2]string
		Data []byte
	}
	if err := json.Unmarshal(packed, &p); err != nil {
		return nil, fmt.Errorf("parse the page's customers: %w", err)
	}
	for _, l := range p.Left {
		ids = append(ids, l[0])
	}
	zipped := io.Reader(bytes.NewReader(p.Data))
	if len(p.Data) == 0 {
		_, columns, _ := bytes.Cut(text, columnsTag)
		columns, _, _ = bytes.Cut(columns, []byte("</script>"))
		zipped = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(columns))
	}
	r, err := gzip.NewReader(zipped)
	if err != nil {
		return nil, fmt.Errorf("unpack the page's customers: %w", err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack the page's customers: %w", err)
	}
	for _, c := range p.Columns {
		if c.Name != "ids" {
			continue
		}
		var held []string
		if c.At < 0 || c.Size < 0 || c.At+c.Size > len(data) {
			return nil, errors.New("the page's customers are cut")
		}
		if err := json.Unmarshal(data[c.At:c.At+c.Size], &held); err != nil {
			return nil, fmt.Errorf("parse the page's customers: %w", err)
		}
		return append(ids, held...), nil
	}
	return nil, errors.New("the page's customers have no ids")
}

func inJSON(v any, people *People) bool {
	switch v := v.(type) {
	case string:
		return people.Has(v)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return inJSON(e, people) })
	case map[string]any:
		for name, e := range v {
			if people.Has(name) || inJSON(e, people) {
				return true
			}
		}
	}
	return false
}

// without writes a table of a store without the customers, and hands what is taken out to taken. Close it.
func (k *Keeper) without(ctx context.Context, f Found, people *People, taken func(rows *frame.Frame, i int) error) (*table.File, error) {
	o, err := k.store(f.Where).Open(ctx, f.Name, f.Generation)
	if err != nil {
		return nil, err
	}
	defer func() { _ = o.Close() }()
	r, err := table.OpenAny(o, o.Size, k.Tables)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }()
	schema, opts := r.Schema(), k.Tables
	for _, known := range []frame.Schema{contract.Lines, contract.ConvertedLines, contract.RegionalLines} {
		if schema.Name == known.Name {
			opts.Compression = table.None // as ingest writes them, so that the day delivered again is the same object
			if schema.Version == known.Version {
				schema = known
			}
		}
	}
	w := table.NewWriter(schema, opts)
	defer w.Abort()
	err = r.Each(func(rows *frame.Frame) error {
		hers := matcher(rows, people)
		var stay []int
		for i := range rows.Rows() {
			if !hers(i) {
				stay = append(stay, i)
			} else if taken != nil {
				if err := taken(rows, i); err != nil {
					return err
				}
			}
		}
		return w.WriteFrame(rows.Take(stay))
	})
	if err != nil {
		return nil, fmt.Errorf("rewrite %s: %w", f.Name, err)
	}
	file, err := w.Close()
	if err != nil {
		return nil, fmt.Errorf("rewrite %s: %w", f.Name, err)
	}
	return file, nil
}

// kept reports until when an object cannot be deleted.
func (f Found) kept(now time.Time) bool { return f.Until.After(now) }
