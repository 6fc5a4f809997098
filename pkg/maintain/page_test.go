package maintain

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
)

// The ids of a page are found in both forms: columns in an element of their own, and in the pack, as pages of before have them.
func TestCustomersOfAPage(t *testing.T) {
	const ids = `["a","cu/1"]`
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte("12345678" + ids)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data := base64.StdEncoding.EncodeToString(zipped.Bytes())
	pack := fmt.Sprintf(`"columns":[{"name":"recency","at":0,"size":8},{"name":"ids","at":8,"size":%d}],"left":[["gone","s1"]]`, len(ids))
	for name, page := range map[string]string{
		"now":    `<p>x</p>` + string(columnsTag) + data + `</script>` + string(packTag) + `{` + pack + `}</script></body>`,
		"before": string(packTag) + `{` + pack + `,"data":"` + data + `"}</script></body>`,
	} {
		if got, err := pageCustomers([]byte(page)); err != nil || !slices.Equal(got, []string{"gone", "a", "cu/1"}) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := pageCustomers([]byte("<p>a page of counts alone</p>")); err != nil || got != nil {
		t.Errorf("a page without customers: %q, %v", got, err)
	}
	if _, err := pageCustomers([]byte(string(packTag) + `{` + pack + `}</script>`)); err == nil {
		t.Error("a page whose columns are missing holds nobody")
	}
}
