package pipeline_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
)

// eachText decodes an Arrow file by Arrow's own reader.
func eachText(text []byte, visit func(column, value string)) error {
	r, err := ipc.NewFileReader(bytes.NewReader(text))
	if err != nil {
		return err
	}
	defer r.Close()
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			return err
		}
		for c, col := range rec.Columns() {
			if d, ok := col.(*array.Dictionary); ok && d.Dictionary().DataType().ID() == arrow.STRING || col.DataType().ID() == arrow.STRING {
				for row := range col.Len() {
					if col.IsValid(row) {
						visit(rec.ColumnName(c), col.ValueStr(row))
					} else {
						visit(rec.ColumnName(c), "")
					}
				}
			}
		}
	}
	return nil
}

// holding returns the kind of every file below a folder that holds a customer's id, by name: it decodes tables, and looks into the text
// of everything else, pages, JSON and unfinished files alike.
func holding(t *testing.T, root, id string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(root, path)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if kind := holds(t, name, text, id); kind != "" {
			found[name] = kind
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// holds returns the kind of a file that holds a customer's id, "" for one that does not.
func holds(t *testing.T, name string, text []byte, id string) (found string) {
	t.Helper()
	if bytes.HasPrefix(text, []byte("PAR1")) {
		for _, value := range parquetTexts(t, text) {
			if strings.Contains(value, id) {
				return "parquet"
			}
		}
		return ""
	}
	if !bytes.HasPrefix(text, []byte("ARROW1")) {
		var decoded any
		if json.Unmarshal(text, &decoded) == nil {
			text = fmt.Appendf(nil, "%v", decoded) // without escapes
		}
		for _, coded := range regexp.MustCompile(`[A-Za-z0-9+/]{100,}=*`).FindAll(text, -1) { // what a page unpacks
			zipped, err := base64.StdEncoding.DecodeString(string(coded))
			if err != nil {
				continue
			}
			if r, err := gzip.NewReader(bytes.NewReader(zipped)); err == nil {
				data, err := io.ReadAll(r)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				text = append(text, data...)
			}
		}
		if bytes.Contains(text, []byte(id)) {
			return "text " + filepath.Ext(name)
		}
		return ""
	}
	kind := regexp.MustCompile(`^[a-z_]+`).FindString(filepath.Base(name))
	switch first, _, _ := strings.Cut(filepath.ToSlash(name), "/"); first {
	case "lines", "quarantine", "campaigns", "registry":
		kind = first
	}
	err := eachText(text, func(_, value string) {
		if strings.Contains(value, id) {
			found = kind
		}
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return found
}

// parquetTexts returns the texts of a Parquet file. One that is cut has none.
func parquetTexts(t *testing.T, text []byte) (values []string) {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	for g := range r.NumRowGroups() {
		for i := range r.MetaData().Schema.NumColumns() {
			column, err := r.RowGroup(g).Column(i)
			if err != nil {
				t.Fatal(err)
			}
			if c, ok := column.(*file.ByteArrayColumnChunkReader); ok {
				rows := r.MetaData().RowGroups[g].NumRows
				batch := make([]parquet.ByteArray, rows)
				_, n, err := c.ReadBatch(rows, batch, make([]int16, rows), nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range batch[:n] {
					values = append(values, string(v))
				}
			}
		}
	}
	return values
}
