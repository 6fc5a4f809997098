package money_test

import (
	"errors"
	"testing"

	"github.com/clientele/clientele/pkg/money"
)

func TestAmountPerQuantity(t *testing.T) {
	for _, test := range []struct {
		amount, quantity, want string // "" where it does not fit
	}{
		{"32", "2", "16"}, {"32", "3", "10.666667"}, {"-32", "3", "-10.666667"}, {"32", "-3", "-10.666667"}, {"0", "5", "0"},
		{"0.0001", "200", "0.000001"}, {"0.0001", "201", "0"}, {"1.45912", "1", ""}, {"18.54", "0.684", "27.105263"},
		{"99999999999999.9999", "0.001", ""},
	} {
		amount, err := money.Parse(test.amount)
		if err != nil {
			if test.want != "" {
				t.Error(err)
			}
			continue
		}
		quantity, err := money.ParseQuantity(test.quantity)
		if err != nil {
			t.Fatal(err)
		}
		price, err := amount.Per(quantity)
		if test.want == "" {
			if !errors.Is(err, money.ErrOverflow) {
				t.Errorf("%s / %s: got %v %v", test.amount, test.quantity, price, err)
			}
			continue
		}
		want, parsed := money.ParsePrice(test.want)
		if parsed != nil || err != nil || price != want {
			t.Errorf("%s / %s: got %v %v, want %s", test.amount, test.quantity, price, err, test.want)
		}
	}
}
