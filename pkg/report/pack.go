package report

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
)

// pack is the customers as assets/customers.js reads them: typed columns in little-endian order one after the other, each from a
// multiple of eight bytes on, then the ids as JSON; all of it gzip, in base64, in an element before this one. Texts that come again are
// places in a list.
type pack struct {
	AsOf      string       `json:"as_of"`
	Customers int          `json:"n"`
	Of        int          `json:"of"`
	Sampled   bool         `json:"sampled"`
	Columns   []packed     `json:"columns"`
	Segments  [][2]string  `json:"segments"` // id, name
	Middles   [][3]float64 `json:"middles"`  // by segment: days, invoices and money of the typical customer
	Typical   string       `json:"typical"`  // middle or average
	Countries []string     `json:"countries"`
	Natures   []string     `json:"natures"`
	Lists     [][2]string  `json:"lists"` // name, words; by rank
	Cells     []string     `json:"cells"`
	Histories []string     `json:"histories"`
	Products  [][2]string  `json:"products"` // code, and what it is called
	Months    []string     `json:"months"`
	Left      [][2]string  `json:"left"` // id of the customer, and of the segment
	Shapes    []string     `json:"shapes"`
	Period    string       `json:"period"`
}

// packed is one column: bytes from At on, each value of a type u1, u2, u4 or f8. Name "ids" is a JSON array of texts.
type packed struct {
	Name string `json:"name"`
	Type string `json:"type"`
	At   int    `json:"at"`
	Size int    `json:"size"`
}

// none is the place of no text in a list of them; columns of places are u2.
const none = math.MaxUint16

// texts are the distinct texts of a column, in order of their first appearance.
type texts struct {
	list []string
	at   map[string]uint16
}

func (t *texts) place(s string) uint16 {
	if s == "" {
		return none
	}
	k, ok := t.at[s]
	if !ok {
		if len(t.list) == none {
			return none // more products than places: the page does without the last ones
		}
		if t.at == nil {
			t.at = map[string]uint16{}
		}
		k = uint16(len(t.list))
		t.at[s] = k
		t.list = append(t.list, s)
	}
	return k
}

func (t *texts) places(column []string) []uint16 {
	p := make([]uint16, len(column))
	for i, s := range column {
		p[i] = t.place(s)
	}
	return p
}

// columns writes columns one after the other.
type columns struct {
	to      io.Writer
	at      int
	columns []packed
	err     error // the first
}

func (c *columns) put(name, kind string, values any) {
	pad := -c.at & 7
	c.write(make([]byte, pad))
	c.write(values)
	size := binary.Size(values)
	c.columns = append(c.columns, packed{name, kind, c.at + pad, size})
	c.at += pad + size
}

func (c *columns) write(values any) {
	if c.err == nil {
		c.err = binary.Write(c.to, binary.LittleEndian, values)
	}
}

// pack writes the columns of the customers that the page holds, one by one, so that only one of them is in memory a second time, and
// returns what says how to read them.
func (l *layout) pack(w io.Writer) (*pack, error) {
	c := l.Customers
	p := &pack{AsOf: l.AsOf.String(), Customers: c.Held, Of: c.Of, Sampled: c.Sampled, Shapes: shapes, Period: l.period(), Typical: "average", Months: c.Months}
	of := l.Scores.Mean
	if len(l.Scores.Middles) > 0 {
		of, p.Typical = l.Scores.Middle, "middle"
	}
	for i, g := range l.Scores.Segments {
		var middle [3]float64
		for k, feature := range []string{"recency", "frequency", "monetary"} {
			if mean, _ := of(feature, i); isDrawn(mean) {
				middle[k] = mean
			}
		}
		p.Segments, p.Middles = append(p.Segments, [2]string{g.ID, g.Label}), append(p.Middles, middle)
	}
	var countries, natures, lists, cells, histories, products texts
	if l.Audience != nil {
		for _, v := range l.Audience.Lists {
			lists.place(v.List)
		}
	}
	for _, n := range []string{"personal", "bulk", "reseller"} {
		natures.place(n)
	}
	coded := base64.NewEncoder(base64.StdEncoding, w)
	zipped := gzip.NewWriter(coded)
	to := &columns{to: zipped}
	put := to.put
	put("monetary", "f8", c.Monetary)
	put("usual", "f8", c.Usual)
	put("predicted", "f8", c.Predicted)
	put("recency", "u4", whole32(c.Recency))
	put("frequency", "u4", whole32(c.Frequency))
	put("spent", "u4", wholes(c.Spent))
	put("country", "u2", countries.places(c.Country))
	put("nature", "u2", natures.places(c.Nature))
	put("list", "u2", lists.places(c.List))
	put("cell", "u2", cells.places(c.Cell))
	put("history", "u2", histories.places(c.History))
	put("list_code", "u2", products.places(c.ListCode))
	for k := range view.Offers {
		put(fmt.Sprintf("new_%d", k), "u2", products.places(c.New[k]))
		put(fmt.Sprintf("because_%d", k), "u2", products.places(c.Because[k]))
		put(fmt.Sprintf("both_%d", k), "u4", counts(c.Both[k]))
		put(fmt.Sprintf("out_of_%d", k), "u4", counts(c.OutOf[k]))
		put(fmt.Sprintf("again_%d", k), "u2", products.places(c.Again[k]))
		put(fmt.Sprintf("again_share_%d", k), "u1", percents(c.AgainShare[k]))
	}
	put("segment", "i1", c.Segment)
	put("previous", "i1", c.Previous)
	put("next", "i1", c.Next)
	put("later", "i1", c.Later)
	put("later_weeks", "u1", whole8(c.LaterWeeks))
	put("held_out", "u1", c.HeldOut)
	put("r", "u1", whole8(c.R))
	put("f", "u1", whole8(c.F))
	put("m", "u1", whole8(c.M))
	put("margin", "u1", percents(c.Margin))
	put("rebought", "u1", percents(c.Rebought))
	put("returned", "u1", percents(c.Returned))
	ids, err := json.Marshal(c.ID)
	if err != nil {
		return nil, fmt.Errorf("pack customers: %w", err)
	}
	put("ids", "json", ids)
	if err := errors.Join(to.err, zipped.Close(), coded.Close()); err != nil {
		return nil, fmt.Errorf("write customers: %w", err)
	}
	p.Columns = to.columns
	p.Countries, p.Natures, p.Cells, p.Histories = countries.list, natures.list, cells.list, histories.list
	for _, code := range products.list {
		p.Products = append(p.Products, [2]string{code, l.Products[code]})
	}
	for _, name := range lists.list {
		p.Lists = append(p.Lists, [2]string{name, listName(name)})
	}
	for i, id := range c.Left {
		p.Left = append(p.Left, [2]string{id, c.LeftFrom[i]})
	}
	return p, nil
}

func whole32(v []int64) []uint32 {
	w := make([]uint32, len(v))
	for i, x := range v {
		w[i] = uint32(min(max(x, 0), math.MaxUint32))
	}
	return w
}

// counts are whole numbers, 0 where there is none.
func counts(v []float64) []uint32 {
	w := make([]uint32, len(v))
	for i, x := range v {
		if !math.IsNaN(x) {
			w[i] = uint32(min(max(x, 0), math.MaxUint32))
		}
	}
	return w
}

// wholes are amounts in whole units of the currency.
func wholes(v []money.Amount) []uint32 {
	w := make([]uint32, len(v))
	for i, x := range v {
		w[i] = uint32(math.Round(min(max(x.Float(), 0), math.MaxUint32)))
	}
	return w
}

func whole8(v []int64) []uint8 {
	w := make([]uint8, len(v))
	for i, x := range v {
		w[i] = uint8(min(max(x, 0), math.MaxUint8))
	}
	return w
}

// percents are shares in whole percent, 255 where there is none.
func percents(v []float64) []uint8 {
	w := make([]uint8, len(v))
	for i, x := range v {
		w[i] = math.MaxUint8
		if !math.IsNaN(x) {
			w[i] = uint8(math.Round(100 * min(max(x, 0), 1)))
		}
	}
	return w
}

// distinct returns the texts of a column in order, without the empty one.
func distinct(column []string) []string {
	all := slices.Clone(column)
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > 0 && all[0] == "" {
		all = all[1:]
	}
	return all
}
