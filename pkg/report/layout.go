package report

import "html/template"

// page is what page.html shows: sections of blocks, all text ready to be read.
type page struct {
	Title    string
	Lead     string
	CSS      template.CSS
	Script   template.JS
	Policy   string // content security policy
	Facts    []fact
	Sections []section
}

// fact is one number that stands out.
type fact struct{ Label, Value, Note string }

type section struct {
	ID, Title string
	Blocks    []block
}

// block is one thing in a section; exactly one of its fields is in use.
type block struct {
	Text    string
	Note    string // text of less weight
	Warning string
	List    []string
	Figures []figure
	Cards   []card
	Table   *grid
}

// figure is a picture with its words.
type figure struct {
	Title, Caption string
	SVG            template.HTML
}

// card is one segment.
type card struct {
	Name, ID string
	Facts    []fact
	Text     string
}

// grid is a table; its caption stands above it and names it for those who hear the page.
type grid struct {
	Caption string
	Head    []cell
	Rows    [][]cell
	Foot    []cell
}

// Narrow says that the table needs no wide page.
func (g *grid) Narrow() bool { return len(g.Head) <= 4 }

// cell is one cell of a grid.
type cell struct {
	Text  string
	Note  string // second line
	Class string // num, good, warn, bad, code
	Head  bool   // the row's name
}

func name(s string) cell         { return cell{Text: s, Head: true} }
func text(s string) cell         { return cell{Text: s} }
func number(s string) cell       { return cell{Text: s, Class: "num"} }
func code(s string) cell         { return cell{Text: s, Class: "code"} }
func judged(verdict string) cell { return cell{Text: plain(verdict), Class: tone(verdict)} }
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
	case "pass", "none", "promote", "bootstrap":
		return "good"
	case "warn", "wait", "hold", "insufficient_data", "unverified":
		return "warn"
	case "fail", "alert", "fix_data":
		return "bad"
	}
	return ""
}
