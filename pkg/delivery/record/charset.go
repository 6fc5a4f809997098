package record

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Encoding is how a source writes text.
type Encoding uint8

// The encodings.
const (
	UTF8        Encoding = iota // with or without a byte order mark
	Latin1                      // ISO-8859-1: every byte is a character
	Windows1252                 // Latin1 with the euro sign, dashes and typographic quotes for its control characters
)

var encodingNames = []string{"utf-8", "iso-8859-1", "windows-1252"}

// String returns the encoding's name.
func (e Encoding) String() string { return encodingNames[e] }

// ParseEncoding reads "utf-8", "iso-8859-1" or "windows-1252", in any case and with the usual other names (utf8, latin1, cp1252).
func ParseEncoding(s string) (Encoding, error) {
	switch strings.ToLower(strings.ReplaceAll(s, "_", "-")) {
	case "utf-8", "utf8":
		return UTF8, nil
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1":
		return Latin1, nil
	case "windows-1252", "cp1252", "cp-1252", "ansi":
		return Windows1252, nil
	}
	return 0, fmt.Errorf("unknown encoding %q, known are %s", s, strings.Join(encodingNames, ", "))
}

// windows1252 are the characters of 0x80 to 0x9F. Those that the code page leaves open are control characters, as in the
// WHATWG's Encoding Standard.
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// Rune returns the character of a byte in an encoding of one byte a character.
func (e Encoding) Rune(c byte) rune {
	if e == Windows1252 && c >= 0x80 && c < 0xa0 {
		return windows1252[c-0x80]
	}
	return rune(c)
}

// Append appends a text in the encoding as UTF-8.
func (e Encoding) Append(dst, text []byte) []byte {
	if e == UTF8 {
		return append(dst, text...)
	}
	for _, c := range text {
		dst = utf8.AppendRune(dst, e.Rune(c))
	}
	return dst
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
