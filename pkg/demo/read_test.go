package demo_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/demo"
)

func kindsOf(r io.Reader) (map[string]string, error) {
	kinds := map[string]string{}
	err := demo.EachKind(r, func(customer, kind string) { kinds[customer] = kind })
	return kinds, err
}

func TestEachKindReadsWhatWasWritten(t *testing.T) {
	o := options(t)
	o.Campaign = campaign(t, "0.10@2025-06-02")
	_, truth := write(t, o)
	var b bytes.Buffer
	if err := truth.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := kindsOf(iotest.OneByteReader(&b))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plantedIn(t, truth).CustomerKinds, got); diff != "" || len(got) != o.Customers {
		t.Errorf("%d kinds (-written +read):\n%s", len(got), diff)
	}
}

func TestEachKindRefusesOtherThings(t *testing.T) {
	for _, text := range []string{
		"", "null", "[]", "{", "{}", `{"version": 1}`, `{"customer_kinds": []}`, `{"customer_kinds": {"1": 2}}`, `{"customer_kinds": {"1": "loyal"`,
		`{"version": [}`, "InvoiceNo,StockCode",
	} {
		if _, err := kindsOf(strings.NewReader(text)); !errors.Is(err, demo.ErrTruth) {
			t.Errorf("%q: %v, want ErrTruth", text, err)
		}
	}
	if _, err := kindsOf(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, demo.ErrTruth) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// FuzzEachKind: whatever the bytes, kinds or an error that says what is wrong.
func FuzzEachKind(f *testing.F) {
	f.Add([]byte(`{"version": 1, "pairs": [["a", "b"]], "customer_kinds": {"12346": "loyal"}}`))
	f.Add([]byte(`{"customer_kinds": {"a": {}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := kindsOf(bytes.NewReader(text)); err != nil && !errors.Is(err, demo.ErrTruth) {
			t.Errorf("%q: %v is no ErrTruth", text, err)
		}
	})
}
