// Package export writes lists of customers in the shapes that marketing tools import.
//
//	keys, err := export.ReadKeys(file, export.Mailchimp, nil)
//	left, err := export.Write(out, export.Mailchimp, list, keys)
//
// Who has not consented, who is unknown to the retailer's id map and who has no address there is on no file: [Write] takes nobody
// without a key that says yes. Sources: the import pages of Klaviyo, Braze and Mailchimp, and Google's of Customer Match ("Format
// your customer data file"). Only an account of each can prove that a file is taken.
package export

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// Tool is a tool that imports lists, or Generic.
type Tool string

// The tools.
const (
	Klaviyo   Tool = "klaviyo"
	Braze     Tool = "braze"
	Mailchimp Tool = "mailchimp"
	GoogleAds Tool = "google-ads"
	Generic   Tool = "generic"
)

// Tools lists them.
var Tools = []Tool{Klaviyo, Braze, Mailchimp, GoogleAds, Generic}

// shape is how a tool wants its file.
type shape struct {
	key    string // column of the id map that it finds people by
	header []string
	row    func(Entry, Key) []string
}

var shapes = map[Tool]shape{
	Klaviyo: {"email", []string{"Email", "clientele_list", "clientele_segment", "clientele_as_of"},
		func(e Entry, k Key) []string { return []string{k.Address, e.List, e.SegmentName, e.AsOf} }},
	Braze: {"external_id", []string{"external_id", "clientele_list", "clientele_segment", "clientele_as_of"},
		func(e Entry, k Key) []string { return []string{k.Address, e.List, e.SegmentName, e.AsOf} }},
	Mailchimp: {"email", []string{"Email Address", "Tags"},
		func(e Entry, k Key) []string {
			return []string{k.Address, "clientele " + e.List + " " + strings.ReplaceAll(e.SegmentName, ",", " ")} // tags are separated by commas
		}},
	GoogleAds: {"email", []string{"Email"}, func(_ Entry, k Key) []string { return []string{hashed(k.Address)} }},
	Generic: {"", []string{"customer", "list", "segment", "segment_name", "as_of"},
		func(e Entry, k Key) []string { return []string{k.Customer, e.List, e.Segment, e.SegmentName, e.AsOf} }},
}

// Entry is a customer on a list.
type Entry struct {
	Customer    string // as the store has it
	List        string // segment, entrants or leavers
	Segment     string // id
	SegmentName string
	AsOf        string // YYYY-MM-DD
}

// Key is what the retailer's id map says of a customer.
type Key struct {
	Customer string // as the retailer writes it
	Address  string // what the tool finds people by; "" if the map has none
	Consent  bool
}

// Left counts who is not in a file, and why.
type Left struct {
	Unknown   int64 `json:"unknown"`    // not in the id map
	NoConsent int64 `json:"no_consent"` // consent is no, or empty
	NoAddress int64 `json:"no_address"` // the map has no address for the tool
	Quoted    int64 `json:"quoted"`     // in the file, with a cell that a spreadsheet would have taken for a formula
}

// ReadKeys reads the retailer's id map for a tool: CSV with a header that has customer, consent (yes or no, true or false, 1 or
// 0; empty is no) and the tool's own column, email or external_id. secret is what ingest hashed customers with, nil for nothing. The
// keys are by the customer as the store has it.
func ReadKeys(src io.Reader, tool Tool, secret []byte) (map[string]Key, error) {
	r := csv.NewReader(src)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	at := func(name string) int {
		return slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
	}
	customer, consent, address := at("customer"), at("consent"), -1
	if key := shapes[tool].key; key != "" {
		address = at(key)
	}
	wanted := Columns(tool)
	for _, name := range wanted {
		if at(name) < 0 {
			return nil, fmt.Errorf("line 1: no column %s in %q: for %s it needs %s", name, strings.Join(header, ","), tool, strings.Join(wanted, ", "))
		}
	}
	keys, stored := map[string]Key{}, record.StoredCustomers(secret)
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return keys, nil
		}
		if err != nil {
			return nil, err // it names the line
		}
		line, _ := r.FieldPos(0)
		k := Key{Customer: strings.TrimSpace(fields[customer])}
		if k.Consent, err = yes(fields[consent]); err != nil {
			return nil, fmt.Errorf("line %d, column consent: %w", line, err)
		}
		if address >= 0 {
			k.Address = strings.TrimSpace(fields[address])
		}
		if shapes[tool].key == "email" && k.Address != "" && !strings.Contains(k.Address, "@") {
			return nil, fmt.Errorf("line %d, column email: %q is no address: correct it or leave it empty", line, k.Address)
		}
		id := stored(k.Customer)
		if _, twice := keys[id]; twice || id == "" {
			return nil, fmt.Errorf("line %d, column customer: %q is empty or there twice: want one line per customer", line, k.Customer)
		}
		keys[id] = k
	}
}

// Columns are what the id map needs for a tool.
func Columns(tool Tool) []string {
	columns := []string{"customer", "consent"}
	if key := shapes[tool].key; key != "" {
		columns = append(columns, key)
	}
	return columns
}

// yes reads a consent.
func yes(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "yes", "true", "1":
		return true, nil
	case "no", "false", "0", "":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", text)
}

// hashed is an address as Customer Match takes it: trimmed, in lower case, at gmail.com and googlemail.com without dots before
// the @, and then its SHA-256 in hexadecimal.
func hashed(email string) string {
	email = strings.ToLower(strings.TrimSpace(email))
	if local, domain, ok := strings.Cut(email, "@"); ok && (domain == "gmail.com" || domain == "googlemail.com") {
		email = strings.ReplaceAll(local, ".", "") + "@" + domain
	}
	sum := sha256.Sum256([]byte(email))
	return hex.EncodeToString(sum[:])
}

// Write writes a tool's file of the entries that the keys allow, and returns the customers in it, as the store has them.
func Write(dst io.Writer, tool Tool, list []Entry, keys map[string]Key) (sent []string, left Left, err error) {
	s := shapes[tool]
	w := csv.NewWriter(dst)
	if err := w.Write(s.header); err != nil {
		return nil, left, err
	}
	for _, e := range list {
		k, known := keys[e.Customer]
		switch {
		case !known:
			left.Unknown++
			continue
		case !k.Consent:
			left.NoConsent++
			continue
		case s.key != "" && k.Address == "":
			left.NoAddress++
			continue
		}
		row, quoted := s.row(e, k), false
		for i, cell := range row {
			if row[i] = harmless(cell); row[i] != cell {
				quoted = true
			}
		}
		if quoted {
			left.Quoted++
		}
		if err := w.Write(row); err != nil {
			return nil, left, err
		}
		sent = append(sent, e.Customer)
	}
	w.Flush()
	return sent, left, w.Error()
}

// harmless puts an apostrophe before what a spreadsheet would take for a formula (OWASP, "CSV Injection").
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
