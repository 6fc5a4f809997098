package table

import (
	"fmt"
	"os"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/clientele/clientele/pkg/scratch"
)

// held are the batches of a file that is kept whole until its dictionaries are: of each coded column the codes, in memory first, in a scratch
// file once they outgrow it.
type held struct {
	folder  string
	limit   int
	size    int
	batches [][][]int32 // by batch and column; nil where they are in the file
	file    *os.File
}

// holdBytes is what the codes of a column take in a batch.
const holdBytes = 4 * BatchRows

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
	batch := make([][]int32, len(columns))
	spill := h.size+len(columns)*holdBytes > h.limit
	if spill && h.file == nil {
		if h.file, err = scratch.File(h.folder); err != nil {
			return err
		}
	}
	for i, c := range columns {
		rows := c.rows[:BatchRows]
		if spill {
			if _, err := h.file.WriteAt(arrow.Int32Traits.CastToBytes(rows), h.at(len(h.batches), i, len(columns))); err != nil {
				return fmt.Errorf("write scratch file: %w", err)
			}
		} else {
			batch[i] = append(make([]int32, 0, BatchRows), rows...)
			h.size += holdBytes
		}
		c.rows = append(c.rows[:0], c.rows[BatchRows:]...)
	}
	h.batches = append(h.batches, batch)
	return nil
}

func (h *held) at(batch, column, columns int) int64 { return int64(batch*columns+column) * holdBytes }

// give puts the codes of a batch back into the columns.
func (h *held) give(batch int, columns []*codes) error {
	for i, c := range columns {
		if c.rows = c.rows[:0]; h.batches[batch][i] != nil {
			c.rows = append(c.rows, h.batches[batch][i]...)
			continue
		}
		c.rows = append(c.rows, make([]int32, BatchRows)...)
		if _, err := h.file.ReadAt(arrow.Int32Traits.CastToBytes(c.rows), h.at(batch, i, len(columns))); err != nil {
			return fmt.Errorf("read scratch file: %w", err)
		}
	}
	h.batches[batch] = nil
	return nil
}

func (h *held) end() {
	if h.file != nil {
		_ = h.file.Close()
	}
	h.file, h.batches, h.size = nil, nil, 0
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
	w.held.end()
	for i := range all {
		all[i].rows = rest[i]
	}
	w.pending = rows
	return nil
}
