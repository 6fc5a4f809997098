package contract

import "github.com/clientele/clientele/pkg/calendar"

// RecommendResult is what recommend reports. Methods are judged on customers' purchases in the 30 days from Cut on.
type RecommendResult struct {
	Cut         calendar.Date `json:"cut"`
	Customers   int           `json:"customers"`  // who bought before the cut
	Candidates  int           `json:"candidates"` // products that at least five of them bought
	Pairs       int           `json:"pairs"`      // of customer and candidate before the cut
	Judged      int           `json:"judged"`     // customers who then bought a candidate new to them
	Unreachable float64       `json:"unreachable"`
	Served      Served        `json:"served"` // what makes the lists
	Chosen      Served        `json:"chosen"` // the best of the month before
	Why         string        `json:"why"`

	Methods        []MethodResult `json:"methods"`
	Baskets        []BasketResult `json:"baskets"`
	BasketsTrained int            `json:"baskets_trained"`
	BasketsJudged  int            `json:"baskets_judged"`
	BuyAgain       BuyAgain       `json:"buy_again"`

	Products    int      `json:"products"` // that may be listed
	Listed      int64    `json:"listed"`   // customers with a list of products new to them
	Suggestions int64    `json:"suggestions"`
	Filled      int      `json:"filled"` // entries that popularity filled
	Statements  []string `json:"statements"`
}

// Served is a method with its parameters; 0 where it has none.
type Served struct {
	Method   string  `json:"method"`
	Lambda   float64 `json:"lambda"`
	Exponent float64 `json:"exponent"`
}

// MethodResult is how well a method's lists did, in means over the judged customers. Intervals are of 95 %. Gain is NDCG@10 less that
// of the popularity of the last 60 days, over the same customers.
type MethodResult struct {
	Method     string  `json:"method"`
	HR3        float64 `json:"hr_3"`
	HR10       float64 `json:"hr_10"`
	Recall10   float64 `json:"recall_10"`
	NDCG3      float64 `json:"ndcg_3"`
	NDCG10     float64 `json:"ndcg_10"`
	NDCG10Low  float64 `json:"ndcg_10_low"`
	NDCG10High float64 `json:"ndcg_10_high"`
	Coverage10 float64 `json:"coverage_10"`
	Novelty10  float64 `json:"novelty_10"`
	Gain       float64 `json:"gain"`
	GainLow    float64 `json:"gain_low"`
	GainHigh   float64 `json:"gain_high"`
}

// BasketResult is how often a method named a product that was hidden from a basket.
type BasketResult struct {
	Method string  `json:"method"`
	HR10   float64 `json:"hr_10"`
}

// BuyAgain is how well it is known what customers buy again.
type BuyAgain struct {
	Customers   int           `json:"customers"` // who did
	HR3         float64       `json:"hr_3"`
	HR10        float64       `json:"hr_10"`
	Latest3     float64       `json:"latest_hr_3"` // by the latest purchase instead of the number of dates
	Latest10    float64       `json:"latest_hr_10"`
	Expected    float64       `json:"expected"` // products bought again, predicted by the table of the month before
	Came        int           `json:"came"`
	Calibration []Calibration `json:"calibration"`
}

// Calibration compares the predicted with the actual share of pairs of customer and product that were bought again.
type Calibration struct {
	Dates     string  `json:"dates"` // on which the customer had bought the product
	Pairs     int     `json:"pairs"`
	Predicted float64 `json:"predicted"`
	Bought    float64 `json:"bought"`
}
