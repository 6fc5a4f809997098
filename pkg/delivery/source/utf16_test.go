package source_test

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/delivery/source"
)

func inUTF16(s string, order binary.AppendByteOrder) []byte {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func readText(t *testing.T, d *source.File) (string, error) {
	t.Helper()
	r, err := text(t, d, nil)
	if err != nil {
		return "", err
	}
	all, err := io.ReadAll(r)
	return string(all), err
}

// TestUTF16: a text with the mark of UTF-16 comes out in UTF-8, of either order, packed or not, and so long that characters are cut
// by buffers.
func TestUTF16(t *testing.T) {
	want := "Rechnung;Stück;Preis €;𝄞\r\n" + strings.Repeat("1;Ä𝄞é;2,55\n", 20_000)
	for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		whole := inUTF16(want, order)
		for kind, data := range map[string][]byte{"plain": whole, "packed": packed(t, string(whole))} {
			got, err := readText(t, open(t, file(t, "x.csv", data)))
			if err != nil || got != "\ufeff"+want {
				t.Errorf("%s, %s: %d bytes, %v; want %d", name, kind, len(got), err, len(want)+3)
			}
		}
	}
}

// What is no character is no UTF-8 either, where it stood: the record with it is rejected by its encoding, and no other.
func TestUTF16WithDamage(t *testing.T) {
	for name, c := range map[string]struct {
		units []uint16
		odd   bool
		want  string
	}{
		"a first half alone":      {[]uint16{'a', 0xd834, 'b'}, false, "a\xffb"},
		"a second half alone":     {[]uint16{'a', 0xdd1e, 'b'}, false, "a\xffb"},
		"two first halves":        {[]uint16{0xd834, 0xd834, 0xdd1e}, false, "\xff𝄞"},
		"a first half at the end": {[]uint16{'a', 0xd834}, false, "a\xff"},
		"half a unit":             {[]uint16{'a'}, true, "a\xff"},
	} {
		data := []byte("\xff\xfe")
		for _, u := range c.units {
			data = binary.LittleEndian.AppendUint16(data, u)
		}
		if c.odd {
			data = append(data, 'x')
		}
		if got, err := readText(t, open(t, file(t, "x.csv", data))); err != nil || got != "\ufeff"+c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		want := rapid.String().Draw(r, "text")
		got, err := readText(t, open(t, file(t, "x.csv", inUTF16(want, binary.BigEndian))))
		if err != nil || got != "\ufeff"+want {
			r.Errorf("%q came out %q, %v", want, got, err)
		}
	})
}
