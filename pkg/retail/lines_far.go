package retail

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"sync"
)

// farTexts are the texts of a sealed dictionary that are on the spill, in groups. Those read last are in memory: most ask for texts in their
// order.
type farTexts struct {
	store  *store
	n      int
	bytes  int64 // of all texts
	groups []extent

	mu   sync.Mutex
	near [nearGroups]struct {
		group int // 1 + its place; 0 is none
		text  string
		ends  [groupTexts]uint32
	}
}

const (
	groupTexts = 64
	nearGroups = 256
)

// farWriter makes them.
type farWriter struct {
	to     *farTexts
	buf    bytes.Buffer
	out    *bufio.Writer // to buf
	last   []byte
	starts []int // in buf, of groups that are not on the spill yet
}

func (s *store) farWriter() *farWriter {
	w := &farWriter{to: &farTexts{store: s}}
	w.out = bufio.NewWriter(&w.buf)
	return w
}

func (w *farWriter) add(text []byte) error {
	if w.to.n%groupTexts == 0 {
		_ = w.out.Flush()
		if w.buf.Len() >= tapeBytes {
			if err := w.flush(); err != nil {
				return err
			}
		}
		w.starts, w.last = append(w.starts, w.buf.Len()), w.last[:0]
	}
	writeAfter(w.out, w.last, text)
	w.last = append(w.last[:0], text...)
	w.to.n++
	w.to.bytes += int64(len(text))
	return nil
}

// flush writes the groups that are whole, or all at the end.
func (w *farWriter) flush() error {
	_ = w.out.Flush() // into memory
	at, err := w.to.store.write(w.buf.Bytes())
	if err != nil {
		return err
	}
	for i, start := range w.starts {
		end := w.buf.Len()
		if i+1 < len(w.starts) {
			end = w.starts[i+1]
		}
		w.to.groups = append(w.to.groups, extent{at + int64(start), int64(end - start)})
	}
	w.buf.Reset()
	w.starts = w.starts[:0]
	return nil
}

// text returns a text. Where the spill fails it is empty, and the store has the error.
func (f *farTexts) text(id uint32) string {
	group, at := int(id/groupTexts), id%groupTexts
	f.mu.Lock()
	defer f.mu.Unlock()
	near := &f.near[group%nearGroups]
	if near.group != group+1 {
		if err := f.load(group); err != nil {
			near.group = 0
			f.store.fail(err)
			return ""
		}
	}
	from := uint32(0)
	if at > 0 {
		from = near.ends[at-1]
	}
	return near.text[from:near.ends[at]]
}

func (f *farTexts) load(group int) error {
	near, e := &f.near[group%nearGroups], f.groups[group]
	data := make([]byte, e.size)
	if err := f.store.read(data, e.at); err != nil {
		return err
	}
	var all []byte
	from := 0
	for i := range min(groupTexts, f.n-group*groupTexts) {
		shared, n := binary.Uvarint(data)
		rest, m := binary.Uvarint(data[n:])
		data = data[n+m:]
		start := len(all)
		all = append(all, all[from:from+int(shared)]...)
		all = append(all, data[:rest]...)
		data, from = data[rest:], start
		near.ends[i] = uint32(len(all))
	}
	near.group, near.text = group+1, string(all)
	return nil
}
