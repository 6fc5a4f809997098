package record

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MissingCustomer are the words that mean no customer, in any case: how databases, languages and spreadsheets write nothing, and
// what tills put where nobody is known.
var MissingCustomer = []string{
	"null", `\n`, "(null)", "<null>", "n/a", "#n/a", "n.a.", "n. a.", "na", "<na>", "none", "nil", "nan", "nat", "undefined", "-", "--", "?",
	"unknown", "unknown customer", "missing", "not set", "(not set)", "anonymous", "no customer", "guest", "guest customer", "guest checkout",
	"walk-in", "walk in", "walkin", "walk-in customer", "walk in customer", "cash customer", "cash sale", "cash sales", "counter sale", "counter sales",
	"not logged in", "guest user", "default customer", ".", "..", "...", "---", "xxx", "xxxx",
	"gast", "gastkunde", "unbekannt", "anonym", "laufkunde", "laufkundschaft", "barverkauf", "barkunde", "diverse", "divers", "anonyme", "vente comptoir", "anónimo", "anonimo", "cliente occasionale", "client de passage", "inconnu", "invité", "invitado", "desconocido",
	"k.a.", "k. a.", "kein kunde", "ohne kunde", "sans client", "client comptoir", "sin cliente", "consumidor final", "público en general", "ospite", "sconosciuto", "cliente generico",
	"onbekend", "geen klant",
}

// customers makes of an id, as it is written, the id that is compared.
type customers struct {
	missing map[string]bool
	longest int // bytes of a word for nobody
	lower   []byte
	lowered []byte
}

func newCustomers(more []string) *customers {
	c := &customers{missing: map[string]bool{}}
	for _, words := range [][]string{MissingCustomer, more} {
		for _, word := range words {
			word = strings.ToLower(string(trimBlank([]byte(word))))
			if len(word) > 2 {
				word = strings.TrimSuffix(word, ".0") // as ids are compared
			}
			c.missing[word] = true
			c.longest = max(c.longest, len(word))
		}
	}
	return c
}

// normal returns a customer's id as it is compared: without blanks around it, without the ".0" that a spreadsheet's column of
// numbers leaves behind, and an e-mail address in lower case. Empty means a guest. The id may be used until the next call.
func (c *customers) normal(b []byte) []byte {
	b = trimSpace(b)
	if n := len(b); n > 0 && (b[0] >= utf8.RuneSelf || b[n-1] >= utf8.RuneSelf) {
		b = trimBlank(b)
	}
	if n := len(b); n > 2 && b[0] == '=' && b[1] == '"' && b[n-1] == '"' { // a formula that makes a spreadsheet keep it as text
		b = trimBlank(b[2 : n-1])
	}
	if len(b) > 2 && bytes.HasSuffix(b, []byte(".0")) {
		b = b[:len(b)-2]
	}
	if bytes.Count(b, []byte("@")) == 1 {
		c.lower = appendLower(c.lower[:0], b)
		return c.lower
	}
	if len(b) <= c.longest && (len(b) == 0 || !isDigit(b[0]) || c.missing[string(b)]) {
		c.lowered = appendLower(c.lowered[:0], b)
		if c.missing[string(c.lowered)] {
			return nil
		}
	}
	return b
}

// StoredCustomers returns what makes of a customer's id, as it is written, the id that ingest stores: without blanks and ".0", an
// e-mail address in lower case, and its HMAC under a key, if there is one. It gives "" for nobody. One goroutine may use it.
func StoredCustomers(key []byte) func(written string) string {
	people, k := newCustomers(nil), (*customerKey)(nil)
	if len(key) > 0 {
		k = &customerKey{mac: hmac.New(sha256.New, key)}
	}
	return func(written string) string {
		id := people.normal([]byte(written))
		if k != nil {
			id = k.of(id)
		}
		return string(id)
	}
}

// KeyMark distinguishes customer keys without showing them; "" for none.
func KeyMark(key []byte) string {
	if len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("clientele: the mark of a customer key"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// appendLower appends a text in lower case.
func appendLower(dst, text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, text[0])
		} else {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		text = text[size:]
	}
	return dst
}

// rounded reports whether an id is a number in scientific notation, as spreadsheets show and save one that is too long for
// their cells: 6.34E+15. Its last digits are lost, and many ids have become one.
func rounded(b []byte) bool {
	return perhapsRounded(b) && isRounded(trimBlank(b))
}

// perhapsRounded leaves nearly all ids out, by two of their bytes.
func perhapsRounded(b []byte) bool {
	n := len(b)
	return n > 4 && (b[n-3] == '+' || b[n-1] <= ' ' || b[n-1] >= utf8.RuneSelf)
}

func isRounded(b []byte) bool {
	if len(b) < 5 || b[len(b)-3] != '+' || b[len(b)-4]|0x20 != 'e' || !isDigit(b[len(b)-2]) || !isDigit(b[len(b)-1]) {
		return false
	}
	digits := 0
	for _, c := range b[:len(b)-4] {
		switch {
		case isDigit(c):
			digits++
		case c != '.' && c != ',' && c != '-':
			return false
		}
	}
	return digits > 0
}
