package source

import "bytes"

// What packing can tell. What only has an explanation cannot be read.
const (
	packedGzip    = "gzip"
	packedZstd    = "zstd"
	packedZip     = "zip"
	packedTar     = "tar"
	packedParquet = "parquet"
	packedArrow   = "arrow"
)

// outOfOrder reports whether what is packed so is read out of order where it is a file.
func outOfOrder(what string) bool {
	return what == packedZip || what == packedParquet || what == packedArrow
}

// magicBytes is what packing wants to see.
const magicBytes = 8

// packing detects from the first bytes how a source is packed, "" for plain text.
func packing(head []byte) string {
	for _, p := range []struct{ magic, what string }{
		{"\x1f\x8b", packedGzip},
		{"\x28\xb5\x2f\xfd", packedZstd},
		{"PK\x03\x04", packedZip},
		{"PK\x05\x06", packedZip}, // an empty one
		{"PAR1", packedParquet},
		{"ARROW1", packedArrow},
		{"\xff\xff\xff\xff", "an Arrow stream, of which nobody can say whether it is whole: write the file format"},
		{"FEA1", "a feather file of version 1: write version 2"},
		{"PARE", "an encrypted parquet file"},
		{"PK\x07\x08", "a zip in several volumes"},
		{"BZh", "packed by bzip2: unpack it"},
		{"\xfd7zXZ", "packed by xz: unpack it"},
		{"7z\xbc\xaf\x27\x1c", "packed by 7-Zip: unpack it"},
		{"\xff\xfe\x00\x00", "text in UTF-32: write it as UTF-8"},
		{"\x00\x00\xfe\xff", "text in UTF-32: write it as UTF-8"},
		{"\xd0\xcf\x11\xe0", "an xls, or a spreadsheet with a password: save it as xlsx or csv without one"},
	} {
		if bytes.HasPrefix(head, []byte(p.magic)) {
			return p.what
		}
	}
	return ""
}
