package task

import (
	"bytes"
	"encoding/json"
	"testing"
)

// The example is that of https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers.
func TestTheTraceIsInEveryRecord(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for given, want := range map[string]string{
		"00-" + trace + "-" + span + "-01": trace,
		"00-" + trace + "-" + span + "-00": trace,
		"":                                 "",
		"00-" + trace + "-" + span:         "",
		"01-" + trace + "-" + span + "-01": "",
		"00-" + "00000000000000000000000000000000" + "-" + span + "-01": "",
		"00-" + trace + "-0000000000000000-01":                          "",
		"00-" + "4BF92F3577B34DA6A3CE929D0E0E4736" + "-" + span + "-01": "",
		"00-" + trace + "-" + span + "-01\nx":                           "",
	} {
		t.Setenv("TRACEPARENT", given)
		var out bytes.Buffer
		newLogger("json", "ingest", stdio{err: &out}).Info("hello")
		var record map[string]any
		if err := json.Unmarshal(out.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		got, _ := record["logging.googleapis.com/trace"].(string)
		spanned, has := record["logging.googleapis.com/spanId"]
		if got != want || has != (want != "") || has && spanned != span {
			t.Errorf("%q: trace %q, span %v, want %q", given, got, spanned, want)
		}
	}
}
