package export

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const idMap = "\ufeffcustomer,Email,external_id,consent\n" +
	"1,Ann.B@Gmail.com,x1,yes\n2,bob@shop.example,,TRUE\n3,eve@shop.example,x3,no\n4,,x4,1\n5,=1+1@shop.example,-5,yes\n6,una@shop.example,x6,\n"

func entries(customers ...string) []Entry {
	var all []Entry
	for _, c := range customers {
		all = append(all, Entry{Customer: c, List: "entrants", Segment: "seg-0001", SegmentName: "Champions, old", AsOf: "2011-12-10"})
	}
	return all
}

// The file of each tool. The hashes are sha256sum's of annb@gmail.com, bob@shop.example and =1+1@shop.example.
func TestWrite(t *testing.T) {
	for tool, want := range map[Tool]struct {
		file string
		left Left
	}{
		Klaviyo: {"Email,clientele_list,clientele_segment,clientele_as_of\nAnn.B@Gmail.com,entrants,\"Champions, old\",2011-12-10\n" +
			"bob@shop.example,entrants,\"Champions, old\",2011-12-10\n'=1+1@shop.example,entrants,\"Champions, old\",2011-12-10\n", Left{1, 2, 1, 1}},
		Braze: {"external_id,clientele_list,clientele_segment,clientele_as_of\nx1,entrants,\"Champions, old\",2011-12-10\n" +
			"x4,entrants,\"Champions, old\",2011-12-10\n'-5,entrants,\"Champions, old\",2011-12-10\n", Left{1, 2, 1, 1}},
		Mailchimp: {"Email Address,Tags\nAnn.B@Gmail.com,clientele entrants Champions  old\nbob@shop.example,clientele entrants Champions  old\n" +
			"'=1+1@shop.example,clientele entrants Champions  old\n", Left{1, 2, 1, 1}},
		GoogleAds: {"Email\n" + annHash + "\n" + bobHash + "\n" + sumHash + "\n", Left{1, 2, 1, 0}},
		Generic: {"customer,list,segment,segment_name,as_of\n1,entrants,seg-0001,\"Champions, old\",2011-12-10\n2,entrants,seg-0001,\"Champions, old\",2011-12-10\n" +
			"4,entrants,seg-0001,\"Champions, old\",2011-12-10\n5,entrants,seg-0001,\"Champions, old\",2011-12-10\n", Left{1, 2, 0, 0}},
	} {
		keys, err := ReadKeys(strings.NewReader(idMap), tool, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		sent, left, err := Write(&b, tool, entries("1", "2", "3", "4", "5", "6", "7"), keys)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.file, b.String()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tool, d)
		}
		if left != want.left || len(sent) != strings.Count(want.file, "\n")-1 {
			t.Errorf("%s: left %+v, want %+v; sent %v", tool, left, want.left, sent)
		}
	}
}

// Customers that ingest hashed are found by the hash of the map's. The hash is
// printf 17850 | openssl dgst -sha256 -hmac 0123456789abcdef
func TestHashedCustomers(t *testing.T) {
	keys, err := ReadKeys(strings.NewReader("customer,consent\n17850,yes\n"), Generic, []byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := keys[hashOf17850]; !ok || k.Customer != "17850" {
		t.Errorf("keys %v", keys)
	}
}

// The map's ids are written as the shop writes them, and found as ingest stores them.
func TestCustomersAsStored(t *testing.T) {
	keys, err := ReadKeys(strings.NewReader("customer,consent\n Ann@Shop.example ,yes\n17850.0,yes\n"), Generic, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"ann@shop.example", "17850"} {
		if _, ok := keys[id]; !ok {
			t.Errorf("%s is not found among %v", id, keys)
		}
	}
	keys, err = ReadKeys(strings.NewReader("customer,consent\n17850.0,yes\n"), Generic, []byte("0123456789abcdef"))
	if _, ok := keys[hashOf17850]; !ok || err != nil {
		t.Errorf("keys %v, %v", keys, err)
	}
}

func TestReadKeysRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "header",
		"customer,email\n":                      "no column consent",
		"customer,consent\n1,yes\n":             "no column email",
		"customer,consent,email\n1,maybe,a@b\n": `line 2, column consent: "maybe"`,
		"customer,consent,email\n1,yes,ab\n":    `line 2, column email: "ab"`,
		"customer,consent,email\n1,yes,a@b\n1,no,a@b\n": `line 3, column customer: "1"`,
		"customer,consent,email\n,yes,a@b\n":            `line 2, column customer: ""`,
		"customer,consent,email\n1,yes\n":               "line 2",
	} {
		if _, err := ReadKeys(strings.NewReader(text), Klaviyo, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

const (
	annHash     = "ac9dea5a08d34630a32e0ce4141ce4b93f42ae89156d2bd6a0acebb0c1e81ed8"
	bobHash     = "01b6618eddf23e83fe0f8a2b9b8655b0ffdd9d63035d3b590490947834ccea3e"
	sumHash     = "c73c1a4720d828b27b4563c3ff44b9e3d4a962fd720f3bd8de37f3af182a4440"
	hashOf17850 = "d86d7e407d62db01e3428fb9eb2079b9bc7ea9e45a98671d13c9f7ea86612403"
)
