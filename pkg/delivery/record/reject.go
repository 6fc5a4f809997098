package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// customerKey turns a customer's id into its HMAC-SHA256 in hex.
type customerKey struct {
	mac  hash.Hash
	last []byte // the id asked for last
	sum  [sha256.Size]byte
	text [2 * sha256.Size]byte
}

// of returns the id's HMAC until the next call, and nothing for nobody.
func (k *customerKey) of(id []byte) []byte {
	if len(id) == 0 {
		return nil
	}
	if !bytes.Equal(id, k.last) {
		k.last = append(k.last[:0], id...)
		k.mac.Reset()
		k.mac.Write(id)
		hex.Encode(k.text[:], k.mac.Sum(k.sum[:0]))
	}
	return k.text[:]
}

// reject files a record that broke rules, of so many physical lines and with that much money. long is set where raw is only the
// beginning of the record.
func (p *Builder) reject(raw []byte, breach Breach, long *LongRecord, lines int64, amount money.Amount) {
	b := p.block
	r := Reject{Record: b.Records, Breach: breach, Lines: lines, Amount: amount, from: len(b.raw)}
	if r.Dated = breach&(unlocated|BadTime|Forgotten) == 0; r.Dated {
		r.Day = calendar.DateOf(p.line.Time)
	}
	b.RejectedLines += lines
	b.RejectedAmount = plus(b.RejectedAmount, amount)
	if breach == Forgotten {
		b.ForgottenLines += lines
		b.ForgottenAmount = plus(b.ForgottenAmount, amount)
	}
	hidden := p.key != nil && breach&unlocated != 0
	if long == nil && (hidden || len(raw) > MaxRaw || breach&RecordTooLong != 0) {
		long = &LongRecord{Size: int64(len(raw)), Sum: sha256.Sum256(raw)}
	}
	shown := raw[:min(len(raw), p.opts.MaxRecord)]
	switch {
	case breach == Forgotten:
	case hidden:
		b.raw = fmt.Appendf(b.raw, "(%d bytes, sha256 %x)", long.Size, long.Sum)
	case p.key != nil:
		at := p.At[FieldCustomer]
		masked := append([]byte(nil), shown[:at.From]...)
		masked = append(masked, p.normalCustomer()...)
		masked = append(masked, shown[at.To:]...)
		b.raw = appendRaw(b.raw, masked, p.opts.Dialect.Encoding, breach, long)
	default:
		b.raw = appendRaw(b.raw, shown, p.opts.Dialect.Encoding, breach, long)
	}
	r.to = len(b.raw)
	b.Rejects = append(b.Rejects, r)
	for i := range breach.each() {
		b.Broken[i]++
		if b.Examples[i].Record == 0 {
			b.Examples[i] = p.example(Breach(1)<<i, breach&unlocated == 0)
		}
	}
}

// appendRaw appends a record in an encoding as [Reject.Raw] describes it.
func appendRaw(dst, raw []byte, e Encoding, breach Breach, long *LongRecord) []byte {
	from, bytewise := len(dst), e != UTF8
	for i := 0; i < len(raw); {
		c, size := utf8.DecodeRune(raw[i:])
		bad := c == utf8.RuneError && size == 1 && !bytewise
		if bytewise {
			c, size = e.Rune(raw[i]), 1
		}
		if long != nil && (len(dst)-from+utf8.UTFMax > MaxRaw || bad && !utf8.FullRune(raw[i:])) {
			break
		}
		switch {
		case bad:
			dst = fmt.Appendf(dst, `\x%02x`, raw[i])
		case c == '\\' && breach&(BadEncoding|RecordTooLong) != 0:
			dst = append(dst, `\\`...)
		default:
			dst = utf8.AppendRune(dst, c)
		}
		i += size
	}
	if long != nil {
		dst = fmt.Appendf(dst, "… (%d bytes, sha256 %x)", long.Size, long.Sum)
	}
	return dst
}

// example describes a record that broke one rule. It shows no text that could hold a customer's id.
func (p *Builder) example(rule Breach, located bool) Example {
	const longest = 80
	e := Example{Record: p.block.Records, Line: p.block.lines + 1}
	f, ok := rule.field()
	switch rule {
	case WrongFields:
		e.Value = fmt.Sprintf("%d fields, the header has %d", p.Count, p.columns.Width)
	case BadEncoding:
		f, ok = p.first(func(text []byte) bool { return !utf8.Valid(text) })
	case RoundedID:
		f, ok = p.first(rounded)
	case BadAmount, AmountMismatch:
		if !p.columns.Has(f) || rule == AmountMismatch && p.columns.Has(FieldDiscount) {
			f = FieldDiscount
		}
	case OtherCurrency:
		switch {
		case p.named != "":
			f = FieldCurrency
		case !p.columns.Has(f):
			f = FieldAmount
		}
	}
	if !ok || !located || rule == Forgotten || !p.columns.Has(f) {
		return e
	}
	e.Field = p.columns.Names[p.columns.At[f]]
	// Columns may have been named wrongly, and another one hold the customers.
	if f == FieldCustomer || p.columns.mayBeCustomer(e.Field) {
		return e
	}
	value := p.Fields[f]
	e.Value = string(appendRaw(nil, value[:min(len(value), longest)], UTF8, rule, nil)) // fields are UTF-8, where they could be made so
	if p.key != nil {
		e.Value = strings.Map(withoutDigits, e.Value)
	}
	return e
}

// first returns the first slot whose text is so.
func (p *Builder) first(is func([]byte) bool) (Field, bool) {
	at := slices.IndexFunc(p.Fields[:], is)
	return Field(max(at, 0)), at >= 0
}

// mayBeCustomer reports whether a column has a name that customers are known to be found under.
func (c *Columns) mayBeCustomer(name string) bool {
	names := spellings[FieldCustomer]
	if c.preset != nil {
		names = append(slices.Clone(names), c.preset.Columns[FieldCustomer]...)
	}
	return slices.ContainsFunc(names, func(s string) bool { return headerKey(s) == headerKey(name) })
}

// withoutDigits shows how a value is written, and not what it is.
func withoutDigits(r rune) rune {
	if unicode.IsDigit(r) {
		return '#'
	}
	return r
}
