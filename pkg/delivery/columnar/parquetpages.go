package columnar

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/klauspost/compress/zstd"
)

// Bounds of a parquet file; those that programs write are far below.
const (
	maxFooter     = 16 << 20
	maxSchema     = 10_000    // elements
	maxPage       = 128 << 20 // bytes of a page, unpacked
	maxPageHeader = 16 << 20  // it can hold a column's least and greatest value
)

// Fields of FileMetaData and PageHeader (parquet.thrift).
const (
	fileSchema = 2

	pageType, pageUncompressed, pageCompressed = 1, 2, 3
	pageData, pageDictionary, pageDataV2       = 5, 7, 8
	pageValues                                 = 1 // of each of these three
	dataV2Defined, dataV2Repeated              = 5, 6

	typeData, typeDictionary, typeDataV2 = 0, 2, 3
)

// checkParquetFooter holds the lengths of all lists and texts of the metadata to what is there, so that the reader makes
// room for no more, and bounds the schema.
func checkParquetFooter(src io.ReaderAt, size int64) error {
	const tail = 8
	if size < 4+tail {
		return fmt.Errorf("%w: %d bytes are too few", ErrDamaged, size)
	}
	var end [tail]byte
	if _, err := src.ReadAt(end[:], size-tail); err != nil && err != io.EOF {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	switch {
	case string(end[4:]) == "PARE":
		return fmt.Errorf("%w: it is encrypted", ErrDamaged)
	case string(end[4:]) != "PAR1":
		return fmt.Errorf("%w: it does not end as a parquet file does", ErrDamaged)
	case length > maxFooter || length > size-tail-4:
		return fmt.Errorf("%w: metadata of %d bytes", ErrDamaged, length)
	}
	t := &thrift{src: bufio.NewReader(io.NewSectionReader(src, size-tail-length, length)), left: length}
	return t.fields(0, func(id int16, kind byte) (bool, error) {
		if id != fileSchema || kind != thriftList {
			return false, nil
		}
		n, err := t.list(0)
		if n > maxSchema {
			err = fmt.Errorf("%w: a schema of %d elements", ErrDamaged, n)
		}
		return true, err
	})
}

// page is what matters of a page's header.
type page struct {
	kind                     int64
	uncompressed, compressed int64
	values                   int64
	levels                   int64 // bytes ahead of the values that are not compressed (data page v2)
}

// checkPages goes over the headers of the pages of a column chunk: they must fill it with as many values as there are rows,
// and none may unpack to more than maxPage, whatever the codec would make of it.
//
// Arrow v15: it makes as much memory as a page's header asks for. v18 has a limit for that; the number of values is ours.
func checkPages(chunk *io.SectionReader, codec compress.Compression, rows int64) error {
	at, values := int64(0), int64(0)
	buf := bufio.NewReaderSize(nil, 512)
	for at < chunk.Size() && values < rows {
		buf.Reset(io.NewSectionReader(chunk, at, chunk.Size()-at))
		t := &thrift{src: buf, left: min(maxPageHeader, chunk.Size()-at)}
		before := t.left
		p, err := readPage(t)
		if err != nil {
			return err
		}
		at += before - t.left
		switch {
		case p.compressed < 0 || p.compressed > chunk.Size()-at || p.uncompressed < 0 || p.uncompressed > maxPage ||
			p.levels < 0 || p.levels > min(p.compressed, p.uncompressed) || p.values < 0:
			return fmt.Errorf("%w: a page of %d values in %d bytes, unpacked %d", ErrDamaged, p.values, p.compressed, p.uncompressed)
		case p.kind == typeDictionary && p.values > p.uncompressed, p.uncompressed == 0 && p.compressed > 64:
			return fmt.Errorf("%w: a page of %d values in %d bytes, unpacked %d", ErrDamaged, p.values, p.compressed, p.uncompressed)
		case p.kind == typeData || p.kind == typeDataV2:
			values += p.values
		case p.kind != typeDictionary:
			return fmt.Errorf("%w: a page of type %d", ErrDamaged, p.kind)
		}
		body := io.NewSectionReader(chunk, at+p.levels, p.compressed-p.levels)
		if err := checkBody(body, codec); err != nil {
			return err
		}
		at += p.compressed
	}
	if values != rows {
		return fmt.Errorf("%w: pages with %d values of %d", ErrDamaged, values, rows)
	}
	return nil
}

func readPage(t *thrift) (p page, err error) {
	number := func(to *int64) (bool, error) {
		*to, err = t.zigzag()
		return true, err
	}
	err = t.fields(0, func(id int16, kind byte) (bool, error) {
		switch {
		case id == pageType && kind > thriftByte && kind <= thriftI64:
			return number(&p.kind)
		case id == pageUncompressed && kind > thriftByte && kind <= thriftI64:
			return number(&p.uncompressed)
		case id == pageCompressed && kind > thriftByte && kind <= thriftI64:
			return number(&p.compressed)
		case (id == pageData || id == pageDictionary || id == pageDataV2) && kind == thriftStruct:
			return true, t.fields(1, func(inner int16, kind byte) (bool, error) {
				var level int64
				switch {
				case kind <= thriftByte || kind > thriftI64:
				case inner == pageValues:
					return number(&p.values)
				case id == pageDataV2 && (inner == dataV2Defined || inner == dataV2Repeated):
					_, err := number(&level)
					p.levels += level
					return true, err
				}
				return false, nil
			})
		}
		return false, nil
	})
	return p, err
}

// checkBody looks at what a page says of itself in its codec's own format.
func checkBody(body *io.SectionReader, codec compress.Compression) error {
	var most int64
	switch codec {
	case compress.Codecs.Snappy:
		head := make([]byte, min(binary.MaxVarintLen64, body.Size()))
		if _, err := body.ReadAt(head, 0); err != nil && err != io.EOF {
			return err
		}
		n, _ := binary.Uvarint(head)
		most = int64(min(n, maxPage+1))
	case compress.Codecs.Zstd:
		var err error
		if most, err = zstdBound(body); err != nil {
			return err
		}
	}
	if most > maxPage {
		return fmt.Errorf("%w: a page that unpacks to over %d bytes", ErrDamaged, maxPage)
	}
	return nil
}

// zstdBlock is the most that a block holds, in bytes (RFC 8878, 3.1.1.2.4).
const zstdBlock = 128 << 10

// zstdBound returns how much zstd frames can hold at most, by the headers of their blocks.
func zstdBound(src *io.SectionReader) (most int64, err error) {
	for at := int64(0); at < src.Size(); {
		buf := make([]byte, min(zstd.HeaderMaxSize, src.Size()-at))
		if _, err := src.ReadAt(buf, at); err != nil && err != io.EOF {
			return 0, err
		}
		var h zstd.Header
		if err := h.Decode(buf); err != nil {
			return 0, fmt.Errorf("%w: zstd: %w", ErrDamaged, err)
		}
		if h.Skippable {
			at += int64(h.HeaderSize) + int64(h.SkippableSize)
			continue
		}
		at += int64(h.HeaderSize)
		for last := false; !last; {
			var block [4]byte
			if _, err := src.ReadAt(block[:3], at); err != nil {
				return 0, err
			}
			head := int64(binary.LittleEndian.Uint32(block[:]))
			last = head&1 != 0
			size := head >> 3
			at += 3
			switch head >> 1 & 3 {
			case 0: // raw
				most, at = most+size, at+size
			case 1: // one byte, so many times
				most, at = most+size, at+1
			default:
				most, at = most+zstdBlock, at+size
			}
			if most > maxPage || at > src.Size() {
				return most, nil
			}
		}
		if h.HasCheckSum {
			at += 4
		}
	}
	return most, nil
}
