package frame

import (
	"slices"
	"strings"
)

// Texts numbers distinct texts in the order in which they come. The zero value has none.
type Texts struct {
	numbers map[string]int32 // of each spelling
	names   []string         // as compared
	last    string           // lines lie together by customer and invoice: mostly the next one too
	at      int32            // its number
}

// Number returns the number of a text; key says how it is compared, and leaves what it made as it is. It does not keep the text.
func (t *Texts) Number(text string, key func(string) string) int32 {
	if text == t.last && len(t.names) > 0 {
		return t.at
	}
	id, ok := t.numbers[text]
	if !ok {
		if t.numbers == nil {
			t.numbers = map[string]int32{}
		}
		text = strings.Clone(text)
		name := key(text)
		if id, ok = t.numbers[name]; !ok {
			id = int32(len(t.names))
			t.names = append(t.names, name)
			t.numbers[name] = id
		}
		t.numbers[text] = id
	}
	t.last, t.at = t.names[id], id
	return id
}

// Sorted returns the texts in byte order, as they are compared, and the position there of each number.
func (t *Texts) Sorted() (names []string, rank []int32) {
	order := make([]int32, len(t.names))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return strings.Compare(t.names[a], t.names[b]) })
	names, rank = make([]string, len(order)), make([]int32, len(order))
	for r, id := range order {
		rank[id], names[r] = int32(r), t.names[id]
	}
	return names, rank
}
