package table

import (
	"encoding/binary"
	"fmt"
	"io"

	flatbuffers "github.com/google/flatbuffers/go"
)

// magic is what an Arrow file begins and ends with.
const magic = "ARROW1"

// Positions in the vtables of Arrow's File.fbs and Schema.fbs.
const (
	footerSchema, footerDictionaries, footerRecords = 6, 8, 10
	schemaFields, schemaMetadata                    = 6, 8
	fieldChildren, fieldMetadata                    = 14, 16
)

// Sizes in a file.
const (
	blockSize   = 24   // of a record batch's place in the footer, in bytes
	maxFields   = 4096 // columns that a table may have
	maxKeys     = 64   // metadata keys that a schema or a column may have
	headSize    = 8    // magic and padding
	tailSize    = 10   // footer's length and magic
	footerLimit = 64 << 20
)

// checkFooter looks at the parts of a file that Arrow's reader believes without looking: the lengths of lists, for which it
// makes room before it has read them (one damaged bit asks for 200 GB, which no recover stops), nested columns, which it
// follows wherever they point, and the places of dictionaries and batches.
func checkFooter(src io.ReaderAt, size int64) error {
	if size < headSize+tailSize {
		return fmt.Errorf("%w: %d bytes are too few", ErrDamaged, size)
	}
	var head [headSize]byte
	var tail [tailSize]byte
	if _, err := io.ReadFull(io.NewSectionReader(src, 0, headSize), head[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(io.NewSectionReader(src, size-tailSize, tailSize), tail[:]); err != nil {
		return err
	}
	if string(head[:]) != magic+"\x00\x00" || string(tail[4:]) != magic {
		return fmt.Errorf("%w: it does not start and end with Arrow's magic bytes", ErrDamaged)
	}
	length := int64(binary.LittleEndian.Uint32(tail[:4]))
	end := size - tailSize - length
	if length < 8 || length > footerLimit || end < headSize {
		return fmt.Errorf("%w: a footer of %d bytes", ErrDamaged, length)
	}
	buf := make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(src, end, length), buf); err != nil {
		return err
	}
	footer := flatbuffers.Table{Bytes: buf, Pos: flatbuffers.GetUOffsetT(buf)}
	if err := checkSchema(footer); err != nil {
		return err
	}
	from, err := checkBlocks(footer, footerDictionaries, headSize, end)
	if err != nil {
		return err
	}
	_, err = checkBlocks(footer, footerRecords, from, end)
	return err
}

func checkSchema(footer flatbuffers.Table) error {
	at := footer.Offset(footerSchema)
	if at == 0 {
		return fmt.Errorf("%w: no schema", ErrDamaged)
	}
	schema := flatbuffers.Table{Bytes: footer.Bytes, Pos: footer.Indirect(footer.Pos + flatbuffers.UOffsetT(at))}
	fields := listLen(schema, schemaFields)
	if fields < 0 || fields > maxFields || tooManyKeys(schema, schemaMetadata) {
		return fmt.Errorf("%w: a schema of %d columns", ErrDamaged, fields)
	}
	for i := range fields {
		list := schema.Vector(flatbuffers.UOffsetT(schema.Offset(schemaFields)))
		field := flatbuffers.Table{Bytes: schema.Bytes, Pos: schema.Indirect(list + flatbuffers.UOffsetT(4*i))}
		if listLen(field, fieldChildren) != 0 || tooManyKeys(field, fieldMetadata) {
			return fmt.Errorf("%w: column %d is nested", ErrDamaged, i)
		}
	}
	return nil
}

// checkBlocks makes sure that the dictionaries or the batches are one behind the other, from one place to before end, and
// returns where the last of them ends.
//
// Arrow v15: it makes a block's memory before it looks whether the file has that much. v18 looks; that no two overlap stays ours.
func checkBlocks(footer flatbuffers.Table, slot flatbuffers.VOffsetT, from, end int64) (int64, error) {
	n := listLen(footer, slot)
	if n < 0 || n > len(footer.Bytes)/blockSize {
		return 0, fmt.Errorf("%w: %d dictionaries or batches", ErrDamaged, n)
	}
	if n == 0 {
		return from, nil
	}
	list := footer.Vector(flatbuffers.UOffsetT(footer.Offset(slot)))
	for i := range n {
		at := list + flatbuffers.UOffsetT(blockSize*i)
		offset, meta, body := footer.GetInt64(at), int64(footer.GetInt32(at+8)), footer.GetInt64(at+16)
		if offset < from || offset > end || meta < 8 || meta > end-offset || body < 0 || body > end-offset-meta {
			return 0, fmt.Errorf("%w: dictionary or batch %d claims offset %d with %d + %d bytes", ErrDamaged, i, offset, meta, body)
		}
		from = offset + meta + body
	}
	return from, nil
}

func tooManyKeys(t flatbuffers.Table, slot flatbuffers.VOffsetT) bool {
	n := listLen(t, slot)
	return n < 0 || n > maxKeys
}

// listLen returns the length of the list in a slot, 0 where there is none, as Arrow's reader sees it.
func listLen(t flatbuffers.Table, slot flatbuffers.VOffsetT) int {
	at := t.Offset(slot)
	if at == 0 {
		return 0
	}
	return t.VectorLen(flatbuffers.UOffsetT(at))
}
