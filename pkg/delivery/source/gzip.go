package source

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// errBehind says that a gzip is whole, and not all there is.
var errBehind = errors.New("it has ended, but more bytes follow")

// gzipReader reads a gzip of one or more members (RFC 1952, 2.2). It distinguishes members from what else may
// follow one: the end of a copied disk block, or a text that was appended.
type gzipReader struct {
	src *bufio.Reader
	z   *gzip.Reader
}

func newGzipReader(src *bufio.Reader) (*gzipReader, error) {
	z, err := gzip.NewReader(src)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{src, z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != io.EOF {
		return n, err
	}
	head, err := g.src.Peek(2)
	switch {
	case err == io.EOF && len(head) == 0:
		return n, io.EOF
	case err != nil && err != io.EOF:
		return n, err
	case packing(head) != packedGzip:
		return n, errBehind
	}
	if err := g.z.Reset(g.src); err != nil {
		return n, err
	}
	g.z.Multistream(false)
	return n, nil
}
