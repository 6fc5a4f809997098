package table

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"

	"github.com/clientele/clientele/pkg/scratch"
)

// held are the batches of a file that is kept whole until its dictionaries are: of each coded column the codes, in memory first, in a scratch
// file once they outgrow it.
type held struct {
	folder  string
	limit   int
	size    int // of what is in memory
	batches [][]heldColumn
	file    *os.File
	end     int64  // of the file
	packed  []byte // scratch
}

// heldColumn is what the codes of a batch are above the least of them, each in as many bytes as the largest takes.
type heldColumn struct {
	low   int32
	width uint8  // 0 where all are equal, 1, 2 or 4
	data  []byte // nil where they are in the file
	at    int64
}

// coded is a column that is kept by codes.
type coded interface {
	column
	codesOf() *codes // nil where it is kept by values
}

func (c *TextColumn) codesOf() *codes {
	if !c.now {
		return nil
	}
	return &c.codes
}

func (c *IntColumn) codesOf() *codes {
	if !c.now {
		return nil
	}
	return &c.codes
}

// hold puts the batches aside that are full. A file with a column of values keeps all of them where they are.
func (w *Writer) hold() error {
	for w.opts.Whole && w.pending-len(w.held.batches)*BatchRows >= BatchRows {
		all := make([]*codes, len(w.columns))
		for i, c := range w.columns {
			if k, ok := c.(coded); ok {
				all[i] = k.codesOf()
			}
			if all[i] == nil || len(all[i].rows) < BatchRows {
				return nil // what is wrong with it is told with the batch
			}
		}
		if err := w.held.add(all); err != nil {
			return err
		}
	}
	return nil
}

// add takes the first rows of each column.
func (h *held) add(columns []*codes) (err error) {
	batch := make([]heldColumn, len(columns))
	for i, c := range columns {
		batch[i], h.packed = packCodes(h.packed, c.rows[:BatchRows])
		c.rows = append(c.rows[:0], c.rows[BatchRows:]...)
		if h.size+len(h.packed) <= h.limit {
			batch[i].data = slices.Clone(h.packed)
			h.size += len(h.packed)
			continue
		}
		if h.file == nil {
			if h.file, err = scratch.File(h.folder); err != nil {
				return err
			}
		}
		if _, err := h.file.WriteAt(h.packed, h.end); err != nil {
			return fmt.Errorf("write scratch file: %w", err)
		}
		batch[i].at = h.end
		h.end += int64(len(h.packed))
	}
	h.batches = append(h.batches, batch)
	return nil
}

// give puts the codes of a batch back into the columns.
func (h *held) give(batch int, columns []*codes) error {
	for i, c := range columns {
		k := &h.batches[batch][i]
		data := k.data
		if data == nil && k.width > 0 {
			h.packed = room(h.packed, BatchRows*int(k.width))
			data = h.packed
			if _, err := h.file.ReadAt(data, k.at); err != nil {
				return fmt.Errorf("read scratch file: %w", err)
			}
		}
		c.rows = k.unpack(slices.Grow(c.rows[:0], BatchRows)[:BatchRows], data)
	}
	h.batches[batch] = nil
	return nil
}

// packCodes packs the codes of a batch into the memory of dst.
func packCodes(dst []byte, rows []int32) (heldColumn, []byte) {
	k := heldColumn{low: slices.Min(rows)}
	switch top := int64(slices.Max(rows)) - int64(k.low); {
	case top == 0:
		return k, dst[:0]
	case top < 1<<8:
		k.width = 1
		dst = room(dst, len(rows))
		for i, code := range rows {
			dst[i] = byte(code - k.low)
		}
	case top < 1<<16:
		k.width = 2
		dst = room(dst, 2*len(rows))
		for i, code := range rows {
			binary.LittleEndian.PutUint16(dst[2*i:], uint16(code-k.low))
		}
	default:
		k.width = 4
		dst = room(dst, 4*len(rows))
		for i, code := range rows {
			binary.LittleEndian.PutUint32(dst[4*i:], uint32(code-k.low))
		}
	}
	return k, dst
}

// unpack fills rows from what packCodes made.
func (k *heldColumn) unpack(rows []int32, data []byte) []int32 {
	switch k.width {
	case 0:
		for i := range rows {
			rows[i] = k.low
		}
	case 1:
		for i, v := range data[:len(rows)] {
			rows[i] = k.low + int32(v)
		}
	case 2:
		for i := range rows {
			rows[i] = k.low + int32(binary.LittleEndian.Uint16(data[2*i:]))
		}
	default:
		for i := range rows {
			rows[i] = k.low + int32(binary.LittleEndian.Uint32(data[4*i:]))
		}
	}
	return rows
}

func (h *held) close() {
	if h.file != nil {
		_ = h.file.Close()
	}
	h.file, h.end, h.batches, h.size = nil, 0, nil, 0
}

// writeHeld writes the batches that were put aside. The rows behind them stay in the columns.
func (w *Writer) writeHeld() error {
	all, rest := make([]*codes, len(w.columns)), make([][]int32, len(w.columns))
	for i, c := range w.columns {
		all[i] = c.(coded).codesOf()
		all[i].rows, rest[i] = nil, all[i].rows
	}
	rows := w.pending - len(w.held.batches)*BatchRows
	for i := range w.held.batches {
		if err := w.held.give(i, all); err != nil {
			return err
		}
		if w.pending = BatchRows; w.err == nil {
			w.err = w.writeBatch()
		}
		if w.rows += BatchRows; w.err != nil {
			return w.err
		}
	}
	w.held.close()
	for i := range all {
		all[i].rows = rest[i]
	}
	w.pending = rows
	return nil
}
