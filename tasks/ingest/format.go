package ingest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/delivery"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/lines"
)

// advise adds the flags that can help to an error of a delivery.
func advise(err error) error {
	header, isHeader := errors.AsType[*record.HeaderError](err)
	var flags string
	switch {
	case isHeader && header.Table != "":
		flags = "--columns maps columns with other names, --sheet selects one sheet"
	case isHeader:
		flags = "--columns maps columns with other names, --separator sets the character between them"
	case errors.Is(err, delivery.ErrSheet):
		flags = "--sheet"
	case errors.Is(err, source.ErrTLS):
		flags = "--ca-file adds certificate authorities to those of the system"
	case errors.Is(err, source.ErrTooBig):
		flags = "--max-bytes"
	case errors.Is(err, lines.ErrCustomerKey):
		flags = "set --customer-key to the key of the stored lines, or --root to another root"
	case errors.Is(err, lines.ErrShrunk):
		flags = "if that is right, --allow-shrink"
	case errors.Is(err, source.ErrBomb): // no flag allows it
		return err
	case errors.Is(err, source.ErrTooLarge):
		flags = "--max-unpacked"
	default:
		return err
	}
	return fmt.Errorf("%w (%s)", err, flags)
}

// separators are the spellings of --separator that are not the character itself.
var separators = map[string]byte{"": ',', "comma": ',', "semicolon": ';', "tab": '\t', `\t`: '\t', "pipe": '|'}

// parseSeparator reads --separator.
func parseSeparator(s string) (byte, error) {
	if c, ok := separators[strings.ToLower(s)]; ok {
		return c, nil
	}
	if len(s) == 1 && strings.ContainsAny(s, ",;|\t:^~") {
		return s[0], nil
	}
	return 0, errors.New("want comma, semicolon, tab, pipe or one of , ; | : ^ ~")
}

// parseDecimal reads --decimal.
func parseDecimal(s string) (byte, error) {
	switch s {
	case "", ".", "point":
		return '.', nil
	case ",", "comma":
		return ',', nil
	}
	return 0, errors.New("want point or comma")
}
