package columnar

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"
)

// Positions in the vtables of Arrow's File.fbs and Schema.fbs.
const (
	footerSchema, footerDictionaries, footerRecords = 6, 8, 10
	schemaFields, schemaMetadata                    = 6, 8
	fieldKind, fieldDictionary                      = 8, 12
	fieldChildren, fieldMetadata                    = 14, 16
	binaryView, textView                            = 23, 24 // of a field's kind
)

// Positions in the vtables of Message.fbs.
const (
	messageKind, messageHeader = 6, 8
	dictionaryKind             = 2 // of a header
	dictionaryData             = 6
	batchBuffers, batchViews   = 8, 12
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
	src    io.ReaderAt
	fields int // seen so far
	views  int // of them, those whose values are in any number of buffers
	coded  int // the same of dictionaries
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
	a := arrowFooter{src: src}
	if err := a.children(schema, schemaFields, schemaMetadata, 0); err != nil {
		return err
	}
	if err := a.blocks(footer, footerDictionaries, end); err != nil {
		return err
	}
	return a.blocks(footer, footerRecords, end)
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
		if at := field.Offset(fieldKind); at != 0 {
			kind := field.GetByte(field.Pos + flatbuffers.UOffsetT(at))
			switch isView := kind == binaryView || kind == textView; {
			case isView && field.Offset(fieldDictionary) == 0:
				a.views++
			case isView:
				a.coded = 1
			}
		}
		if err := a.children(field, fieldChildren, fieldMetadata, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// blocks makes sure that batches are within the file, and no more than the footer has places for.
//
// Arrow v15: it makes a block's memory before it looks whether the file has that much. v18 looks; that no two overlap stays ours.
func (a *arrowFooter) blocks(footer flatbuffers.Table, slot flatbuffers.VOffsetT, end int64) error {
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
			return fmt.Errorf("%w: batch %d claims offset %d with %d + %d bytes", ErrDamaged, i, offset, meta, body)
		}
		if err := a.batch(offset, meta); err != nil {
			return fmt.Errorf("batch %d: %w", i, err)
		}
		from = offset + meta + body
	}
	return nil
}

// batch holds the buffers that columns of views say to have to be no more than the batch has. Arrow's reader looks for as
// many such numbers as there are columns of views, whether the list is as long or not.
func (a *arrowFooter) batch(offset, size int64) error {
	if size > maxFooter {
		return fmt.Errorf("%w: metadata of %d bytes", ErrDamaged, size)
	}
	buf := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(a.src, offset, size), buf); err != nil {
		return err
	}
	switch binary.LittleEndian.Uint32(buf) { // as Arrow's reader does
	case 0:
	case math.MaxUint32:
		buf = buf[8:]
	default:
		buf = buf[4:]
	}
	message := flatbuffers.Table{Bytes: buf, Pos: flatbuffers.GetUOffsetT(buf)}
	at := message.Offset(messageHeader)
	if at == 0 {
		return fmt.Errorf("%w: no header", ErrDamaged)
	}
	batch := flatbuffers.Table{Bytes: buf}
	message.Union(&batch, flatbuffers.UOffsetT(at))
	want := a.views
	if kindAt := message.Offset(messageKind); kindAt != 0 && message.GetByte(message.Pos+flatbuffers.UOffsetT(kindAt)) == dictionaryKind {
		at := batch.Offset(dictionaryData)
		if at == 0 {
			return fmt.Errorf("%w: a dictionary of nothing", ErrDamaged)
		}
		want = a.coded
		batch.Pos = batch.Indirect(batch.Pos + flatbuffers.UOffsetT(at))
	}
	buffers, views := listLen(batch, batchBuffers), listLen(batch, batchViews)
	if buffers < 0 || views < 0 || views > len(buf)/8 {
		return fmt.Errorf("%w: %d buffers", ErrDamaged, buffers)
	}
	if batch.Offset(batchViews) == 0 {
		return nil
	}
	for i := range max(views, want) {
		n := batch.GetInt64(batch.Vector(flatbuffers.UOffsetT(batch.Offset(batchViews))) + flatbuffers.UOffsetT(8*i))
		if n < 0 || n > int64(buffers) {
			return fmt.Errorf("%w: a column of %d buffers", ErrDamaged, n)
		}
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
