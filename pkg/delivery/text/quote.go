package text

import (
	"bytes"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// field is one field of a delimited record.
type field struct {
	text    []byte // without quotes
	end     int    // where the separator or line end after it is, or the record's length
	breach  record.Breach
	scratch []byte // what was handed in, grown by texts that had two quotes for one
}

// nextField reads the field at from.
func nextField(rec []byte, from int, sep byte, scratch []byte) field {
	if from == len(rec) || rec[from] != '"' {
		end := fieldEnd(rec, from, sep)
		text := rec[from:end]
		if end == len(rec) || rec[end] == '\n' {
			text = trimCR(text)
		}
		return field{text: text, end: end, scratch: scratch}
	}
	start, j, kept := from+1, from+1, len(scratch)
	for {
		q := bytes.IndexByte(rec[j:], '"')
		if q < 0 {
			return field{text: trimCR(rec[start:]), end: len(rec), breach: record.UnterminatedQuote, scratch: scratch}
		}
		j += q
		if j+1 == len(rec) || rec[j+1] != '"' {
			break
		}
		scratch = append(scratch, rec[start:j+1]...)
		j += 2
		start = j
	}
	f := field{text: rec[start:j], end: fieldEnd(rec, j+1, sep)}
	if len(scratch) > kept {
		scratch = append(scratch, f.text...)
		f.text = scratch[kept:len(scratch):len(scratch)]
	}
	behind := rec[j+1 : f.end]
	if f.end == len(rec) || rec[f.end] == '\n' {
		behind = trimCR(behind)
	}
	if len(behind) > 0 {
		f.breach = record.BadQuote
	}
	f.scratch = scratch
	return f
}

// fieldEnd returns where the unquoted text at from ends.
func fieldEnd(rec []byte, from int, sep byte) int {
	for i, c := range rec[from:] {
		if c == sep || c == '\n' {
			return from + i
		}
	}
	return len(rec)
}
