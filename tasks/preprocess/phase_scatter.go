package preprocess

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// ScatterResult is what the phase scatter did.
type ScatterResult struct {
	Objects int   `json:"objects"`
	Lines   int64 `json:"lines"`
	Frames  int64 `json:"frames"`
}

var scatterPhase = task.Task[planned, ScatterResult]{
	Name: contract.Preprocess + "-scatter", Usage: "send the lines of day files to partitions of customers",
	Description: `Reads names of day files, one a line, from standard input. Writes their lines to standard output: a text line a frame, the number of a
partition, a tab, and some of its lines, packed. Stores nothing.`,
	Example: "preprocess scatter --plan=plan-….json --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10 < objects > frames",
	Flags:   plannedFlags, Config: newPlanned,
	Print: func(io.Writer, ScatterResult) error { return nil }, // standard output has the lines
	Run: func(ctx context.Context, c planned, d task.Deps) (r ScatterResult, err error) {
		err = c.phase(ctx, d, func(j *job, s *run.Session) error {
			plan, err := j.division(ctx, s, c.Plan)
			if err != nil {
				return err
			}
			r, err = j.scatter(ctx, plan)
			return err
		})
		return r, err
	},
}

// scatter sends the lines of the day files that it is given to their partitions.
func (j *job) scatter(ctx context.Context, d *division) (r ScatterResult, err error) {
	objects := map[string]lines.Partition{}
	for _, o := range d.Objects {
		o.Partition.Source = o.Source
		objects[o.Object] = o.Partition
	}
	from := j.reader()
	from.decode = make(chan struct{}, 1)
	router := retail.NewRouter(d.Ranges, d.Meaning, d.facts()...)
	out := bufio.NewWriterSize(j.deps.Out, 1<<20)
	in := bufio.NewScanner(j.deps.In)
	for in.Scan() {
		p, ok := objects[in.Text()]
		if !ok {
			return r, fault.ErrUsage.Errorf("object", in.Text(), "the plan has no day file %q", in.Text())
		}
		r.Objects++
		rows := int64(0)
		err := from.day(ctx, p, func(rec *table.Record) error {
			rows += int64(rec.Rows())
			return scatterRecord(rec, p.Regional, d.Sources[p.Source], router, func(part int, packed []byte) error {
				r.Frames++
				return writeFrame(out, part, packed)
			})
		})
		if err == nil && rows != p.Rows {
			err = from.fault(p, fmt.Errorf("%w: %d lines, the snapshot says %d", table.ErrDamaged, rows, p.Rows))
		}
		if err != nil {
			return r, err
		}
		r.Lines += rows
	}
	return r, errors.Join(in.Err(), out.Flush())
}

// scatterRecord sends the lines of a batch to their partitions, one packet each.
func scatterRecord(rec *table.Record, regional bool, source uint16, router *retail.Router, send func(part int, packed []byte) error) error {
	texts := [7]table.Text{
		rec.Text(lineCustomer), rec.Text(lineInvoice), rec.Text(lineCode), rec.Text(lineDescription), rec.Text(lineCountry), rec.Text(lineStatus),
	}
	if regional {
		texts[6] = rec.Text(lineRegion)
	}
	var numbers [4][]int64
	for i, column := range [...]int{lineTime, lineQuantity, linePrice, lineAmount} {
		numbers[i] = rec.Ints(nil, column)
	}
	packets := map[int]*packet{}
	var order, to []int
	for i := range rec.Rows() {
		to = router.Route(to[:0], texts[0].Bytes(i), texts[1].Bytes(i), source, numbers[0][i])
		for _, part := range to {
			p := packets[part]
			if p == nil {
				p = newPacket(source)
				packets[part] = p
				order = append(order, part)
			}
			for c := range texts {
				if c == 6 && !regional {
					p.texts[c].add(nil)
					continue
				}
				p.texts[c].add(texts[c].Bytes(i))
			}
			for c := range numbers {
				p.numbers[c] = append(p.numbers[c], numbers[c][i])
			}
		}
	}
	for _, part := range order {
		if err := send(part, packets[part].pack(nil)); err != nil {
			return err
		}
	}
	return nil
}

func writeFrame(w *bufio.Writer, part int, packed []byte) error {
	line := strconv.AppendInt(nil, int64(part), 10)
	line = append(line, '\t')
	line = base64.StdEncoding.AppendEncode(line, packed)
	_, err := w.Write(append(line, '\n'))
	return err
}

// packet is some lines of one partition and source on their way.
type packet struct {
	source  uint16
	texts   [7]packedTexts // customer, invoice, code, description, country, status, region
	numbers [4][]int64     // time, quantity, price, amount
}

// packedTexts is a column: distinct texts, and a code a row.
type packedTexts struct {
	known map[string]int32
	retail.TextColumn
}

func newPacket(source uint16) *packet {
	p := &packet{source: source}
	for c := range p.texts {
		p.texts[c] = packedTexts{known: map[string]int32{}, TextColumn: retail.TextColumn{Codes: []int32{}, Offsets: []int32{0}}}
	}
	return p
}

func (t *packedTexts) add(text []byte) {
	code, ok := t.known[string(text)]
	if !ok {
		code = int32(len(t.known))
		t.known[string(text)] = code
		t.Data = append(t.Data, text...)
		t.Offsets = append(t.Offsets, int32(len(t.Data)))
	}
	t.Codes = append(t.Codes, code)
}

// pack appends the packet as bytes: variable-length integers and texts.
func (p *packet) pack(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(p.source))
	dst = binary.AppendUvarint(dst, uint64(len(p.numbers[0])))
	for _, column := range p.numbers {
		for _, v := range column {
			dst = binary.AppendVarint(dst, v)
		}
	}
	for _, t := range p.texts {
		dst = binary.AppendUvarint(dst, uint64(len(t.Offsets)-1))
		for i := range len(t.Offsets) - 1 {
			dst = binary.AppendUvarint(dst, uint64(t.Offsets[i+1]-t.Offsets[i]))
		}
		dst = append(dst, t.Data...)
		for _, code := range t.Codes {
			dst = binary.AppendUvarint(dst, uint64(code))
		}
	}
	return dst
}

var errPacket = errors.New("damaged on its way")

// unpack is the inverse of pack.
func unpack(b []byte) (batch retail.LineBatch, err error) {
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > 1<<31 {
			b, err = nil, errPacket
			return 0
		}
		b = b[n:]
		return v
	}
	batch.Source = uint16(number())
	rows := int(number())
	if rows > len(b) {
		return batch, errPacket
	}
	for _, to := range []*[]int64{&batch.Time, &batch.Quantity, &batch.Price, &batch.Amount} {
		*to = make([]int64, rows)
		for i := range *to {
			v, n := binary.Varint(b)
			if n <= 0 {
				return batch, errPacket
			}
			(*to)[i], b = v, b[n:]
		}
	}
	for _, to := range []*retail.TextColumn{&batch.Customer, &batch.Invoice, &batch.Code, &batch.Description, &batch.Country, &batch.Status, &batch.Region} {
		n := int(number())
		if n > len(b) {
			return batch, errPacket
		}
		to.Offsets, to.Codes = make([]int32, n+1), make([]int32, rows)
		for i := range n {
			to.Offsets[i+1] = to.Offsets[i] + int32(number())
		}
		size := int(to.Offsets[n])
		if err != nil || size < 0 || size > len(b) {
			return batch, errPacket
		}
		to.Data, b = b[:size], b[size:]
		for i := range to.Codes {
			to.Codes[i] = int32(number())
		}
	}
	if len(b) > 0 {
		return batch, errPacket
	}
	return batch, err
}
