package report_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/clientele/clientele/pkg/report"
	"github.com/clientele/clientele/pkg/report/view"
)

func render(t interface{ Fatal(...any) }, d view.Inputs) []byte {
	var b bytes.Buffer
	if err := report.Page(&b, view.New(d)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// element is an element of a parsed page with all text below it, white space folded.
type element struct {
	*html.Node
	text string
}

func (e element) attr(name string) string {
	for _, a := range e.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// find returns the elements below n of that name, "" for all, in their order.
func find(n *html.Node, name string) []element {
	var found []element
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && (name == "" || c.Data == name) {
			found = append(found, element{c, textOf(c)})
		}
	}
	return found
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func parse(t interface{ Fatal(...any) }, page []byte) *html.Node {
	n, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// table returns the cells of the table whose caption begins so: head, body and foot rows alike.
func table(t *testing.T, n *html.Node, caption string) [][]string {
	t.Helper()
	for _, e := range find(n, "table") {
		if c := find(e.Node, "caption"); len(c) == 1 && strings.HasPrefix(c[0].text, caption) {
			var rows [][]string
			for _, tr := range find(e.Node, "tr") {
				var row []string
				for _, cell := range find(tr.Node, "") {
					if cell.Data == "th" || cell.Data == "td" {
						row = append(row, cell.text)
					}
				}
				rows = append(rows, row)
			}
			return rows
		}
	}
	t.Fatalf("no table %q", caption)
	return nil
}

// whole reads back a number as the page writes it.
func whole(t *testing.T, s string) int64 {
	t.Helper()
	v, err := strconv.ParseInt(strings.NewReplacer(",", "", "£", "", "−", "-", ".", "").Replace(strings.Fields(s)[0]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
