package view

import "github.com/clientele/clientele/pkg/contract"

// Predict is what customers are expected to order and spend next.
type Predict struct {
	contract.PredictResult
	Methods []PredictMethod `json:"methods"` // in the order of the backtest
}

// PredictMethod is one method with its error in words.
type PredictMethod struct {
	contract.Backtest
	Label     string `json:"label"`
	Published bool   `json:"published"`
}

func newPredict(in Inputs) *Predict {
	r := in.Predict
	if r == nil {
		return nil
	}
	p := &Predict{PredictResult: *r, Methods: []PredictMethod{}}
	labels := map[string]string{contract.MethodNBD: "model", contract.MethodSame: "the same as in the 90 days before"}
	for _, b := range r.Backtest {
		p.Methods = append(p.Methods, PredictMethod{Backtest: b, Label: labels[b.Method], Published: b.Method == r.Published})
	}
	return p
}
