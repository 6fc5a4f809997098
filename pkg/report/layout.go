package report

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// page is what page.html shows: eight sections of panels, all text ready to be read.
type page struct {
	Title    string
	AsOf     string
	Sign     string   // of the currency
	Shop     []string // two or three lines under the name
	Trace    []string // run, model
	CSS      template.CSS
	Scripts  []template.JS // before the body is read, and after it
	Policy   string        // content security policy
	Tabs     []tab
	Charts   []chart
	Pack     *pack
	layout   *layout
	Personal string // what personal data the page holds
}

// Group returns the sections of one part of the navigation.
func (p *page) Group(name string) []tab {
	var tabs []tab
	for _, t := range p.Tabs {
		if t.Group == name {
			tabs = append(tabs, t)
		}
	}
	return tabs
}

// tab is one section: its heading is the answer, not the topic.
type tab struct {
	ID, Name, Group string
	Mark            string // good, warn or bad beside the name; "" for none
	Kick            string // the topic, small, above the heading
	Heading, Lead   string
	Panels          []panel
}

func (t *tab) add(p ...panel) { t.Panels = append(t.Panels, p...) }

// absent says in place of a panel why it has nothing to show.
func absent(span int, title, why string) panel {
	return panel{Span: span, Title: title, Blocks: []block{{Note: why}}}
}

// panel is one part of a section: a card, unless Banner, Figures or Segments are set, which stand on their own.
type panel struct {
	ID       string
	Span     int // of 12 columns
	Title    string
	Lead     string // how to read it, in one line
	Blocks   []block
	Numbers  []*grid // the numbers behind a picture, folded away
	Source   string  // the files it is from
	Banner   *banner
	Figures  []kpi
	Segments []segmentCard
	Filters  *filters // of the customers
}

// banner is a verdict: a sentence, the reason, and what to do.
type banner struct{ Tone, Title, Text, Command string }

// kpi is one number that stands out.
type kpi struct {
	Label, Value, Note string
	Spark              *spark
}

// spark is a small picture of a series, in a box of 220 by 34.
type spark struct {
	Label      string
	Points     string // of a polyline
	X, Y       float64
	BandY      float64
	BandHeight float64
}

// block is one thing in a panel; exactly one of its fields is in use.
type block struct {
	Text      string
	Note      string // text of less weight
	Warning   string
	Heading   string
	List      []string
	Chart     *chart
	Twins     *twins
	Table     *grid
	Actions   []action
	Moves     []moves
	Bars      []bar
	Falls     []fall
	Facts     []fact
	Command   string
	Downloads []download
	Checks    []check
	Levers    *levers
}

// fact is a name with its value.
type fact struct{ Label, Value string }

// action is one list of customers with what to do about them.
type action struct {
	Rank                  int
	Title, Text           string
	Customers, Money      string
	Follow                string // what came of those whom the rule took before
	List                  string // the file's name
	Primary, Downloadable bool
}

// moves are customers who went one way.
type moves struct {
	Title, Money string
	Down         bool
	Rows         []move
}

type move struct {
	From, To         segmentName
	Word             string // where there is no From or To
	Customers, Money string
	Width            float64 // percent
}

// segmentName is a segment with its colour and shape; Place is its position, -1 for one of an earlier model.
type segmentName struct {
	Place int
	Name  string
}

// bar is a row of a bar chart that is written as a table of words.
type bar struct {
	Label, Value string
	Width        float64 // percent
	Best         bool
}

// fall is a row of a waterfall, in percent of the first row.
type fall struct {
	Label, Note  string
	Money, Lines string
	Left, Width  float64
	Kind         string // total, out, back
}

// download is a button that saves a table as CSV.
type download struct {
	Of    string // what assets/page.js knows it by: list:late, segment:seg-0001, entrants:…, leavers:…, table:id
	Label string
	Says  string // for those who hear the page
}

// levers are what a reader can move to see what it would come to: assets/levers.js computes it from these, in the units of the page.
type levers struct {
	Invoices, Lines int64
	Revenue         float64
	Pack            *float64 // nil: no such lever
	Days            int
	Goal            float64 // a share
	Line, Now, Goes string  // what a line is worth, and the average invoice now and at the goal
	Thresholds      []threshold
}

// threshold is one choice of where an offer begins.
type threshold struct {
	Label  string
	Raise  float64
	Chosen bool
}

// check is one line of what was checked.
type check struct{ Tone, Title, Text string }

// twins are two bars of one length: people above, money below.
type twins struct {
	Label         string
	People, Money string
	Parts         []twin
}

// twin is one segment of twins; positions are of 1000.
type twin struct {
	Segment      segmentName
	X, Width     float64
	X2, Width2   float64
	Share, Spent string
}

// Flow are the corners of the band between a segment's people and its money.
func (t twin) Flow() string {
	return coordinates(t.X, 64, t.X+t.Width, 64, t.X2+t.Width2, 126, t.X2, 126)
}

func coordinates(xy ...float64) string {
	var s []byte
	for i, v := range xy {
		if i > 0 {
			s = append(s, " ,"[i%2])
		}
		s = strconv.AppendFloat(s, v, 'f', 1, 64)
	}
	return string(s)
}

// segmentCard is one segment.
type segmentCard struct {
	Segment               segmentName
	ID, Why               string
	People, Money         string  // shares
	PeopleWide, MoneyWide float64 // percent of the widest
	Size                  string
	Traits                []trait
	Next, Do              string
	Downloads             []download
	Nature                string
	Trend                 *spark // of its customers, by run
}

// trait is a segment's average beside that of all: -100 … 100 for a factor of eight less or more.
type trait struct {
	Label, Value string
	At           float64
	Known        bool
}

// X is the trait's place in a box of 200.
func (t trait) X() float64 { return 100 + t.At }

// filters are what customers can be searched by.
type filters struct {
	Segments  []segmentName
	Lists     []fact
	Natures   []string
	Countries []string
}

// grid is a table; its caption stands above it and names it for those who hear the page.
type grid struct {
	ID       string // unique; "" for none
	Caption  string
	Head     []cell
	Rows     [][]cell
	Foot     []cell
	Sort     bool   // by its columns
	Page     int    // rows on a page, 0 for all
	Matrix   bool   // stays a table on a phone
	Download string // name of its file, "" for none
}

// Class is how the table behaves on a phone: a matrix stays, others become a list.
func (g *grid) Class() string {
	if g.Matrix {
		return "matrix"
	}
	return "stack"
}

// Label is the heading of column i.
func (g *grid) Label(i int) string {
	if i < len(g.Head) {
		return g.Head[i].Text
	}
	return ""
}

// cell is one cell of a grid.
type cell struct {
	Text    string
	Note    string // second line
	Class   string // num, code, heat
	Tone    string // good, warn, bad: a chip
	Head    bool   // the row's name
	Sort    string // what it is sorted by, if not its text
	Segment *segmentName
	Tint    int // percent of the colour behind the number, below 0 of the other
	Range   *interval
}

// Shade is the strength of the tint, without its sign.
func (c cell) Shade() int { return max(c.Tint, -c.Tint) }

// longWord is the length from which a word may be broken anywhere, in bytes.
const longWord = 24

// Long says that the text has a word that would widen a table.
func (c cell) Long() bool {
	return slices.ContainsFunc(strings.Fields(c.Text), func(word string) bool { return len(word) > longWord })
}

// interval is a small picture of an estimate with its range, in a box of 120 by 14.
type interval struct{ Low, High, At, Mark float64 }

func name(s string) cell   { return cell{Text: s, Head: true} }
func text(s string) cell   { return cell{Text: s} }
func number(s string) cell { return cell{Text: s, Class: "num"} }
func code(s string) cell   { return cell{Text: s, Class: "code"} }

// valued is a number that is sorted by v.
func valued(s string, v float64) cell {
	return cell{Text: s, Class: "num", Sort: strconv.FormatFloat(v, 'g', -1, 64)}
}

func judged(verdict string) cell {
	return cell{Text: capital(plain(verdict)), Tone: tone(verdict), Class: "verdict"}
}

func heads(titles ...string) []cell {
	cells := make([]cell, len(titles))
	for i, t := range titles {
		cells[i] = cell{Text: t}
		if len(t) > 0 && t[0] == '#' { // a column of numbers
			cells[i] = cell{Text: t[1:], Class: "num"}
		}
	}
	return cells
}

// tone is the colour of a verdict; its word stands beside it always.
func tone(verdict string) string {
	switch verdict {
	case "pass", "none", "promote", "bootstrap", "reached":
		return "good"
	case "warn", "wait", "hold", "insufficient_data", "unverified", "refit", "retrain":
		return "warn"
	case "fail", "alert", "fix_data":
		return "bad"
	}
	return ""
}

// chart is a picture that assets/chart.js draws, with the words for those who do not see it. Its numbers are in a table beside it.
type chart struct {
	ID     string       `json:"id"`
	Kind   string       `json:"kind"` // lines, bars, groups, bins, map, spread
	Height int          `json:"height"`
	Label  string       `json:"-"`
	X      axis         `json:"x"`
	Y      axis         `json:"y"`
	Series []series     `json:"series,omitempty"`
	Bins   [][3]float64 `json:"bins,omitempty"` // low, high, count
	Marks  []mark       `json:"marks,omitempty"`
}

type axis struct {
	Label string `json:"label"`
	Log   bool   `json:"log,omitempty"`
	Sign  string `json:"sign,omitempty"` // of the currency
	Zero  bool   `json:"zero,omitempty"` // begins at 0
}

// series is one line, or the bars of one colour.
type series struct {
	Name   string    `json:"name"`
	Colour string    `json:"colour"` // a token of assets/page.css
	Dashed bool      `json:"dashed,omitempty"`
	Names  []string  `json:"names,omitempty"` // of the bars
	X      []float64 `json:"x,omitempty"`
	Y      []float64 `json:"y"`
	Faint  []int     `json:"faint,omitempty"` // bars of a period that is not whole
}

// mark is a line across the picture, with a word.
type mark struct {
	X    *float64 `json:"x,omitempty"`
	Y    *float64 `json:"y,omitempty"`
	Text string   `json:"text"`
}
