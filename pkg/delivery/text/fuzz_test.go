package text_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
)

func utc(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// FuzzRead: whatever the bytes, every record ends in one place, and neither the chunks nor the number of workers nor
// the reader's granularity change a thing.
func FuzzRead(f *testing.F) {
	f.Add([]byte(recordtest.Good), uint8(5), uint8(0), false, false)
	f.Add([]byte("a,\"b\nc\"\"\",d\n\"\n"+recordtest.Good), uint8(1), uint8(90), true, true)
	f.Add([]byte("\"\"\"\n\"x\"\"\",\"a\n"+recordtest.Good+recordtest.Good), uint8(3), uint8(91), false, true)
	f.Add([]byte("1,2,\"a,4,5,6,7,8\n1,2,\"b\",4,5,6,7,8\n"+recordtest.Good+"1,2,a,b,c,d,e,\"f\n"+recordtest.Good), uint8(2), uint8(20), false, true)
	f.Add([]byte("a\"b,\"x\na\"b,\"x\na\"b,\"x\n"+recordtest.Good+"\""), uint8(9), uint8(100), false, false)
	f.Fuzz(func(t *testing.T, data []byte, chunk, limit uint8, latin1, key bool) {
		opts := record.Options{Workers: 1}
		if limit > 0 {
			opts.MaxRecord = int(limit) + 80 // the header must fit
		}
		if latin1 {
			opts.Dialect.Encoding = record.Latin1
		}
		if key {
			opts.CustomerKey = []byte("key")
		}
		data = append([]byte(recordtest.Header), data...)
		whole, wholeErr := read(t, bytes.NewReader(data), opts)
		opts.Chunk, opts.Workers = int(chunk)+1, 3
		parts, err := read(t, bytes.NewReader(data), opts)
		if (err == nil) != (wholeErr == nil) {
			t.Fatalf("whole: %v, in chunks of %d: %v", wholeErr, opts.Chunk, err)
		}
		if err == nil {
			if diff := cmp.Diff(whole, parts); diff != "" {
				t.Fatalf("chunks of %d:\n%s", opts.Chunk, diff)
			}
		}
	})
}

// FuzzReadAgrees: where encoding/csv takes a text, records and fields are the same. It is not asked about carriage
// returns inside quotes, which it drops and we keep. Empty fields behind the header's do not count with us.
func FuzzReadAgrees(f *testing.F) {
	f.Add([]byte("a,b,\"c\"\"d\",1,2010-12-01 08:26:00,1,1,x\n"))
	f.Add([]byte("a,b,c,1,2010-12-01 08:26:00,1,1,x,,\"\"\n"))
	f.Add([]byte("\"a\nb\",b\n\n,,,,,,,\n\"\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := csv.NewReader(bytes.NewReader(data))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil || bytes.Contains(data, []byte{'\r'}) || len(data) > 10_000 {
			return
		}
		for i, fields := range want { // a quote that swallows what looks like a record is stray: see TestStrayQuotes
			if strings.Count(strings.Join(fields, ","), ",") >= 14 {
				return
			}
			for len(want[i]) > 8 && want[i][len(want[i])-1] == "" {
				want[i] = want[i][:len(want[i])-1]
			}
		}
		o, err := read(t, strings.NewReader(recordtest.Header+string(data)), record.Options{Chunk: 3})
		if err != nil {
			t.Fatal(err)
		}
		if int(o.Counts.Records) != len(want) {
			t.Fatalf("%d records, encoding/csv finds %d", o.Counts.Records, len(want))
		}
		for _, l := range o.Lines {
			w := want[l.Record-1]
			if len(w) != 8 || w[0] != l.Invoice || w[1] != l.Code || w[2] != l.Description || w[7] != l.Country {
				t.Fatalf("record %d: %+v, encoding/csv finds %q", l.Record, l, w)
			}
		}
		for _, r := range o.Rejects {
			if got, wrong := strings.Contains(r.Rules, "wrong_fields"), len(want[r.Record-1]) != 8; got != wrong {
				t.Fatalf("record %d: %s, encoding/csv finds %d fields", r.Record, r.Rules, len(want[r.Record-1]))
			}
		}
	})
}
