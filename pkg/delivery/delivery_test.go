package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/clientele/clientele/pkg/delivery"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/delivery/xlsx"
	"github.com/clientele/clientele/pkg/fault"
)

// text writes delimited text into a folder.
func text(t *testing.T, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// workbook writes delimited text into a folder, as a workbook of one sheet.
func workbook(t *testing.T, folder, name, content string) string {
	t.Helper()
	f := excelize.NewFile()
	for i, line := range strings.Split(strings.TrimSpace(content), "\n") {
		var row []any
		for _, field := range strings.Split(line, ",") {
			row = append(row, field)
		}
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, name)
	if err := errors.Join(f.SaveAs(path), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, paths ...string) *source.Delivery {
	t.Helper()
	where, err := source.Parse(strings.Join(paths, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := source.Open(context.Background(), where, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// Records are numbered over the files of a delivery, whatever the format of each, and examples name their file.
func TestReadGoesOverFilesOfAnyFormat(t *testing.T) {
	folder := t.TempDir()
	bad := strings.Replace(recordtest.Good, ",6,", ",x,", 1)
	d := open(t, text(t, folder, "a.csv", recordtest.Header+recordtest.Good), workbook(t, folder, "b.xlsx", recordtest.Header+bad+recordtest.Good))
	var files []int
	o, err := recordtest.Gather(t, func(sink func(*record.Block) error) (record.Counts, error) {
		out, err := delivery.Read(context.Background(), d, delivery.Options{}, func(b *record.Block) error {
			files = append(files, b.File)
			return sink(b)
		})
		return out.Counts, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.Counts.Records != 3 || len(o.Lines) != 2 || o.Lines[1].Record != 3 || len(o.Rejects) != 1 || o.Rejects[0].Record != 2 {
		t.Errorf("got %+v", o)
	}
	if diff := cmp.Diff([]int{0, 1}, files); diff != "" {
		t.Error(diff)
	}
	for _, e := range o.Counts.Examples {
		if e.Record > 0 && !strings.Contains(e.String(), filepath.Join(folder, "b.xlsx")+`, sheet "Sheet1", row 2, column Quantity`) {
			t.Error(e)
		}
	}
}

// Whatever a reader finds, the error says how the program ends and which file it is about.
func TestReadErrors(t *testing.T) {
	folder := t.TempDir()
	good := text(t, folder, "good.csv", recordtest.Header+recordtest.Good)
	for _, test := range []struct {
		name, path string
		opts       delivery.Options
		class      error
		cause      string
	}{
		{"no columns of a delivery", text(t, folder, "header.csv", "a,b\n1,2\n"), delivery.Options{}, record.ErrColumns, "columns"},
		{"nothing", text(t, folder, "empty.csv", ""), delivery.Options{}, record.ErrEmpty, "empty"},
		{"a sheet of text", good, delivery.Options{Sheet: "2011"}, delivery.ErrSheet, "sheet"},
		{"a sheet that is not there", workbook(t, folder, "book.xlsx", recordtest.Header+recordtest.Good), delivery.Options{Sheet: "2011"}, delivery.ErrSheet, "sheet"},
		{"a cut zip", text(t, folder, "cut.zip", "PK\x03\x04...."), delivery.Options{}, source.ErrDamaged, "damaged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := delivery.Read(context.Background(), open(t, test.path), test.opts, func(*record.Block) error { return nil })
			if want := (fault.Verdict{Code: fault.ExitBadData, Cause: test.cause, Object: test.path}); !errors.Is(err, test.class) || fault.Judge(err) != want || !strings.Contains(err.Error(), test.path) {
				t.Errorf("%v is %+v, want %+v", err, fault.Judge(err), want)
			}
		})
	}
}

// A file that changed while it was read explains whatever was found in it, and sink's own error comes back as it is.
func TestReadPrefersChangesAndTheSinksError(t *testing.T) {
	path := text(t, t.TempDir(), "a.csv", recordtest.Header+recordtest.Good)
	stop := errors.New("stop")
	for _, changes := range []bool{false, true} {
		_, err := delivery.Read(context.Background(), open(t, path), delivery.Options{}, func(*record.Block) error {
			if changes {
				text(t, filepath.Dir(path), "a.csv", recordtest.Header+recordtest.Good+recordtest.Good)
			}
			return stop
		})
		if errors.Is(err, source.ErrChanged) != changes || errors.Is(err, stop) == changes {
			t.Errorf("changes %v: %v", changes, err)
		}
	}
}

// excelize writes every text of a sheet as a shared string, of which one block takes a MiB.
func TestSharedStringsAreBounded(t *testing.T) {
	path := workbook(t, t.TempDir(), "a.xlsx", recordtest.Header+recordtest.Good)
	for limit, refused := range map[int]bool{0: false, 2 << 20: false, 1 << 20: true} {
		_, err := delivery.Read(context.Background(), open(t, path), delivery.Options{SharedStrings: limit}, func(*record.Block) error { return nil })
		if errors.Is(err, xlsx.ErrTooLarge) != refused || err != nil && !refused {
			t.Errorf("with %d bytes: %v, refused should be %v", limit, err, refused)
		}
	}
}

// Times with a zone become the shop's in every format.
func TestReadConvertsTimesIntoTheShopsZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	layout, err := record.ParseLayout("2006-01-02 15:04:05 -0700")
	if err != nil {
		t.Fatal(err)
	}
	folder, content := t.TempDir(), recordtest.Header+"1,2,a,1,2023-07-02 23:30:00 +0100,1,1,x\n"
	for _, path := range []string{text(t, folder, "a.csv", content), workbook(t, folder, "b.xlsx", content)} {
		for _, opts := range []delivery.Options{{Options: record.Options{Layout: layout}, Zone: berlin}, {Options: record.Options{Layout: layout, Zone: berlin}}} {
			o, err := recordtest.Gather(t, func(sink func(*record.Block) error) (record.Counts, error) {
				out, err := delivery.Read(context.Background(), open(t, path), opts, sink)
				return out.Counts, err
			})
			if err != nil || len(o.Lines) != 1 || time.UnixMicro(o.Lines[0].Time).UTC().Format(time.DateTime) != "2023-07-03 00:30:00" {
				t.Errorf("%s: %+v %v", path, o, err)
			}
		}
	}
}
