package retail

import (
	"fmt"
	"strconv"
	"strings"
)

// NonProducts says which lines are no products. A line that one of them takes is none.
type NonProducts struct {
	Services     bool     // codes and descriptions that are words for services: see [ServiceWords]
	MinDigits    int      // codes of fewer ASCII digits
	Codes        []string // codes as compared; a trailing * matches any suffix
	Descriptions []string // descriptions, trimmed and in ASCII upper case; a trailing * matches any suffix
}

// GeneralNonProducts suits every shop: known words for services.
func GeneralNonProducts() NonProducts { return NonProducts{Services: true} }

// DefaultNonProducts suits shops with stock codes as in UCI Online Retail, where POST, M, DOT, D, S, CRUK, BANK CHARGES
// and the vouchers GIFT_0001_… are no products.
func DefaultNonProducts() NonProducts {
	return NonProducts{
		MinDigits:    2,
		Codes:        []string{"GIFT_*"},
		Descriptions: []string{"NEXT DAY CARRIAGE", "HIGH RESOLUTION IMAGE"},
	}
}

// ParseNonProducts reads a whole list, items parted by semicolons (descriptions contain commas):
//
//	digits<2; code=GIFT_*; description=NEXT DAY CARRIAGE; description=HIGH RESOLUTION IMAGE
//	services; code=SAMPLE*
func ParseNonProducts(s string) (NonProducts, error) {
	var n NonProducts
	items := 0
	for item := range strings.SplitSeq(s, ";") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		items++
		if item == "services" {
			n.Services = true
			continue
		}
		if v, ok := strings.CutPrefix(item, "digits<"); ok {
			d, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil || d < 1 || d > 100 {
				return NonProducts{}, fmt.Errorf("%q: want digits<N with N from 1 to 100", item)
			}
			if n.MinDigits != 0 {
				return NonProducts{}, fmt.Errorf("%q: digits< is given twice", item)
			}
			n.MinDigits = d
			continue
		}
		what, v, _ := strings.Cut(item, "=")
		v = string(appendCompared(nil, []byte(v)))
		if v == "" {
			return NonProducts{}, fmt.Errorf("%q: want services, digits<N, code=… or description=…", item)
		}
		switch strings.TrimSpace(what) {
		case "code":
			n.Codes = append(n.Codes, v)
		case "description":
			n.Descriptions = append(n.Descriptions, v)
		default:
			return NonProducts{}, fmt.Errorf("%q: want services, digits<N, code=… or description=…", item)
		}
	}
	if items == 0 {
		return NonProducts{}, fmt.Errorf("the list is empty: to keep such lines write --rules=-non_product")
	}
	return n, nil
}

// String writes the list as [ParseNonProducts] reads it.
func (n NonProducts) String() string {
	var items []string
	if n.Services {
		items = append(items, "services")
	}
	if n.MinDigits > 0 {
		items = append(items, "digits<"+strconv.Itoa(n.MinDigits))
	}
	for _, c := range n.Codes {
		items = append(items, "code="+c)
	}
	for _, d := range n.Descriptions {
		items = append(items, "description="+d)
	}
	return strings.Join(items, "; ")
}

// code reports whether a code as compared is no product's.
func (n NonProducts) code(key string) bool {
	if n.MinDigits > 0 {
		digits := 0
		for i := range len(key) {
			if '0' <= key[i] && key[i] <= '9' {
				digits++
			}
		}
		if digits < n.MinDigits {
			return true
		}
	}
	return n.Services && isServiceCode(key) || anyMatches(n.Codes, key)
}

// description reports whether a description as written is no product's.
func (n NonProducts) description(text string) bool {
	return n.Services && isService(text) || len(n.Descriptions) > 0 && anyMatches(n.Descriptions, string(appendCompared(nil, []byte(text))))
}

func anyMatches(patterns []string, s string) bool {
	for _, p := range patterns {
		if head, ok := strings.CutSuffix(p, "*"); ok && strings.HasPrefix(s, head) || s == p {
			return true
		}
	}
	return false
}
