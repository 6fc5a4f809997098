package columnar

import (
	"encoding/binary"
	"fmt"
	"io"

	flatbuffers "github.com/google/flatbuffers/go"
)

// Positions in the vtables of Arrow's File.fbs and Schema.fbs.
const (
	footerSchema, footerDictionaries, footerRecords = 6, 8, 10
	schemaFields, schemaMetadata                    = 6, 8
	fieldChildren, fieldMetadata                    = 14, 16
)

// Bounds of an Arrow file.
const (
	arrowMagic    = "ARROW1"
	arrowHead     = 8  // magic and padding
	arrowTail     = 10 // the footer's length and magic
	arrowBlock    = 24 // of a batch's place in the footer
	maxArrowField = 10_000
	maxArrowDepth = 16
	maxArrowKeys  = 10_000
)

// arrowFooter looks at the parts of a file that Arrow's reader believes without looking: the lengths of lists, for which it
// makes room before it has read them, nested columns, which it follows wherever they point, and the places of batches.
type arrowFooter struct {
	fields int // seen so far
}

func checkArrowFooter(src io.ReaderAt, size int64) error {
	if size < arrowHead+arrowTail {
		return fmt.Errorf("%w: %d bytes are too few", ErrDamaged, size)
	}
	var tail [arrowTail]byte
	if _, err := src.ReadAt(tail[:], size-arrowTail); err != nil && err != io.EOF {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:4]))
	end := size - arrowTail - length
	if string(tail[4:]) != arrowMagic || length < 8 || length > maxFooter || end < arrowHead {
		return fmt.Errorf("%w: it does not end as an Arrow file does", ErrDamaged)
	}
	buf := make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(src, end, length), buf); err != nil {
		return err
	}
	footer := flatbuffers.Table{Bytes: buf, Pos: flatbuffers.GetUOffsetT(buf)}
	at := footer.Offset(footerSchema)
	if at == 0 {
		return fmt.Errorf("%w: no schema", ErrDamaged)
	}
	schema := flatbuffers.Table{Bytes: buf, Pos: footer.Indirect(footer.Pos + flatbuffers.UOffsetT(at))}
	var a arrowFooter
	if err := a.children(schema, schemaFields, schemaMetadata, 0); err != nil {
		return err
	}
	if err := checkBlocks(footer, footerDictionaries, end); err != nil {
		return err
	}
	return checkBlocks(footer, footerRecords, end)
}

// children looks at the columns below a schema or a column.
func (a *arrowFooter) children(t flatbuffers.Table, list, metadata flatbuffers.VOffsetT, depth int) error {
	n, keys := listLen(t, list), listLen(t, metadata)
	a.fields += n
	if n < 0 || keys < 0 || keys > maxArrowKeys || a.fields > maxArrowField || depth > maxArrowDepth {
		return fmt.Errorf("%w: a schema of %d columns, %d deep", ErrDamaged, a.fields, depth)
	}
	if n == 0 {
		return nil
	}
	vector := t.Vector(flatbuffers.UOffsetT(t.Offset(list)))
	for i := range n {
		field := flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(vector + flatbuffers.UOffsetT(4*i))}
		if err := a.children(field, fieldChildren, fieldMetadata, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// checkBlocks holds batches to lie within the file, and to be no more than the footer has places for.
func checkBlocks(footer flatbuffers.Table, slot flatbuffers.VOffsetT, end int64) error {
	n := listLen(footer, slot)
	if n < 0 || n > len(footer.Bytes)/arrowBlock {
		return fmt.Errorf("%w: %d batches", ErrDamaged, n)
	}
	if n == 0 {
		return nil
	}
	list := footer.Vector(flatbuffers.UOffsetT(footer.Offset(slot)))
	from := int64(arrowHead)
	for i := range n {
		at := list + flatbuffers.UOffsetT(arrowBlock*i)
		offset, meta, body := footer.GetInt64(at), int64(footer.GetInt32(at+8)), footer.GetInt64(at+16)
		if offset < from || offset > end || meta < 8 || meta > end-offset || body < 0 || body > end-offset-meta {
			return fmt.Errorf("%w: batch %d is said to lie at %d with %d + %d bytes", ErrDamaged, i, offset, meta, body)
		}
		from = offset + meta + body
	}
	return nil
}

// listLen returns the length of the list in a slot, 0 where there is none, as Arrow's reader sees it.
func listLen(t flatbuffers.Table, slot flatbuffers.VOffsetT) int {
	at := t.Offset(slot)
	if at == 0 {
		return 0
	}
	return t.VectorLen(flatbuffers.UOffsetT(at))
}
