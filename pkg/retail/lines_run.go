package retail

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Of many lines the distinct customers and invoice numbers do not fit into the memory while they are numbered. Then those seen so far
// go to the spill as a run, in their order, and numbering begins again: the lines in between are a generation, whose numbers mean the texts of its
// runs. Sealing merges the runs of a column, which ranks the texts of all of them, and renumbers the lines one generation after the other.

// run is the texts of a column that a generation has.
type run struct {
	n     int
	texts *tape // in their order: length of what a text shares with the one before, of the rest, and the rest
	ids   *tape // in the same order: the number of each in its generation, 4 bytes
	ranks *tape // once merged: what each rank is above the one before
	keyed bool  // a text is not as it is compared
}

// full reports whether the texts that are numbered have outgrown their room. Whoever asks holds the turn, alone or not.
func (l *Lines) full() bool {
	return l.spills(columnInvoice) && l.textBytes(columnCustomer)+l.textBytes(columnInvoice) > l.room.Texts
}

// nextGeneration puts the texts of the large columns aside, with the lines that have their numbers.
func (l *Lines) nextGeneration() error {
	for _, s := range l.shards {
		if err := s.open.flush(); err != nil {
			return err
		}
	}
	customers, err := l.shelf.store.spilled(&l.texts[columnCustomer].Dict, nil)
	if err != nil {
		return err
	}
	invoices, err := l.shelf.store.spilled(&l.texts[columnInvoice].Dict, appendCompared)
	l.customers, l.invoices = append(l.customers, customers), append(l.invoices, invoices)
	l.shelf.generation++
	return err
}

// spilled writes a dictionary as a run, and empties it.
func (s *store) spilled(d *Dict, compared func(dst, text []byte) []byte) (run, error) {
	order := d.order(compared)
	r := run{n: len(order)}
	var texts, ids *bufio.Writer
	r.texts, texts = s.tape()
	r.ids, ids = s.tape()
	var last, buf []byte
	for _, o := range order {
		text := d.bytes(o.id)
		if compared != nil && !r.keyed {
			buf = compared(buf[:0], text)
			r.keyed = !bytes.Equal(buf, text)
		}
		writeAfter(texts, last, text)
		last = text
		_, _ = ids.Write(binary.LittleEndian.AppendUint32(ids.AvailableBuffer(), o.id))
	}
	d.empty()
	return r, errors.Join(texts.Flush(), ids.Flush()) // a buffered writer keeps its first error
}

// writeAfter writes a text that comes after another one.
func writeAfter(w *bufio.Writer, last, text []byte) {
	shared := 0
	for shared < len(last) && shared < len(text) && last[shared] == text[shared] {
		shared++
	}
	b := binary.AppendUvarint(w.AvailableBuffer(), uint64(shared))
	_, _ = w.Write(binary.AppendUvarint(b, uint64(len(text)-shared)))
	_, _ = w.Write(text[shared:])
}

// readAfter reads what writeAfter wrote, into the memory of the text before.
func readAfter(r *bufio.Reader, last []byte) ([]byte, error) {
	shared, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	rest, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	last = grown(last[:shared], int(rest))
	_, err = io.ReadFull(r, last[shared:])
	return last, err
}

// runReader is a run that is merged.
type runReader struct {
	run       *run
	texts     *bufio.Reader
	ranks     *bufio.Writer
	left      int
	text, key []byte // key is text where it is compared as it is
	rank      uint32
}

// next takes the next text, and reports whether there is one.
func (r *runReader) next(compared func(dst, text []byte) []byte) (ok bool, err error) {
	if r.left--; r.left < 0 {
		return false, nil
	}
	if r.text, err = readAfter(r.texts, r.text); err != nil {
		return false, fmt.Errorf("read spilled lines: %w", err)
	}
	if r.key = r.text; compared != nil && r.run.keyed {
		r.key = compared(nil, r.text)
	}
	return true, nil
}

func (r *runReader) give(rank uint32) {
	_, _ = r.ranks.Write(binary.AppendUvarint(r.ranks.AvailableBuffer(), uint64(rank-r.rank)))
	r.rank = rank
}

// merging is a heap of runs, by their next texts.
type merging []*runReader

func (m merging) Len() int      { return len(m) }
func (m merging) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *merging) Push(r any)   { *m = append(*m, r.(*runReader)) }

func (m merging) Less(i, j int) bool {
	if c := bytes.Compare(m[i].key, m[j].key); c != 0 {
		return c < 0
	}
	return bytes.Compare(m[i].text, m[j].text) < 0
}

func (m *merging) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// merge ranks the texts of a column's runs, shows each distinct text once, in the order of ranks, and notes in every run which ranks its
// texts have.
func (s *store) merge(runs []run, compared func(dst, text []byte) []byte, see func(text, key []byte) error) error {
	var m merging
	all := make([]*runReader, len(runs))
	for i := range runs {
		r := &runReader{run: &runs[i], texts: runs[i].texts.reader(), left: runs[i].n}
		runs[i].ranks, r.ranks = s.tape()
		all[i] = r
		if ok, err := r.next(compared); err != nil {
			return err
		} else if ok {
			m = append(m, r)
		}
	}
	heap.Init(&m)
	var last []byte
	rank, some := uint32(0), false
	for len(m) > 0 {
		r := m[0]
		if !some || !bytes.Equal(r.text, last) {
			if some {
				rank++
			}
			last, some = append(last[:0], r.text...), true
			if err := see(r.text, r.key); err != nil {
				return err
			}
		}
		r.give(rank)
		ok, err := r.next(compared)
		switch {
		case err != nil:
			return err
		case ok:
			heap.Fix(&m, 0)
		default:
			heap.Pop(&m)
		}
	}
	for _, r := range all {
		if err := r.ranks.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// renumbering returns the rank of each number that a generation has.
func (r *run) renumbering() ([]uint32, error) {
	to := make([]uint32, r.n)
	ids, ranks := r.ids.reader(), r.ranks.reader()
	var id [4]byte
	rank := uint32(0)
	for range r.n {
		if _, err := io.ReadFull(ids, id[:]); err != nil {
			return nil, fmt.Errorf("read spilled lines: %w", err)
		}
		above, err := binary.ReadUvarint(ranks)
		if err != nil {
			return nil, fmt.Errorf("read spilled lines: %w", err)
		}
		rank += uint32(above)
		to[binary.LittleEndian.Uint32(id[:])] = rank
	}
	return to, nil
}
