package contract_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

// TestSeal: of every flipped bit of a sealed text, either the seal or the parser complains, or the members are what they were.
func TestSeal(t *testing.T) {
	type content struct {
		Version int               `json:"version"`
		Names   map[string]string `json:"names"`
	}
	want := content{1, map[string]string{"a": "b", "seal": `x","seal":"`}}
	text, err := contract.Sealed(want)
	if err != nil || contract.CheckSeal(text) != nil {
		t.Fatalf("sealed %s: %v, %v", text, err, contract.CheckSeal(text))
	}
	members, _ := contract.Canonical(want)
	if contract.CheckSeal(members) != nil {
		t.Error("a text without a seal was refused: programs before the seal wrote such ones")
	}
	for bit := range 8 * len(text) {
		bad := bytes.Clone(text)
		bad[bit/8] ^= 1 << (bit % 8)
		if contract.CheckSeal(bad) != nil {
			continue
		}
		var got content
		if json.Unmarshal(bad, &got) != nil {
			continue
		}
		if again, _ := contract.Canonical(got); !bytes.Equal(again, members) {
			t.Errorf("bit %d passed as %s", bit, again)
		}
	}
	for cut := range len(text) - 1 {
		if contract.CheckSeal(text[:cut]) == nil && json.Valid(text[:cut]) {
			t.Errorf("cut at %d passed", cut)
		}
	}
	for _, v := range []any{1, struct{}{}, []int{1}} {
		if _, err := contract.Sealed(v); err == nil {
			t.Errorf("%v was sealed", v)
		}
	}
}
