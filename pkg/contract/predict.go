package contract

import (
	"math"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Predictions is what predict says of every customer.
var Predictions = frame.Schema{Name: "predictions", Version: 1,
	Meaning: "What every customer is expected to order and spend, in byte order of the identifier. One row per customer. " +
		"What the data cannot say is null, and why says the reason.",
	Columns: []frame.Spec{
		{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier."},
		{Name: "orders", Kind: frame.Float, Nullable: true, Unit: "orders", Meaning: "Orders expected in the next 90 days. An order is a date with a purchase."},
		{Name: "money", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "Spending expected in the next 90 days."},
		{Name: "p_buys", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Probability of an order in the next 90 days, by the model."},
		{Name: "orders_365", Kind: frame.Float, Nullable: true, Unit: "orders", Meaning: "Orders expected in the next 365 days."},
		{Name: "p_buys_365", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Probability of an order in the next 365 days, by the model."},
		{Name: "historic_value", Kind: frame.Money, Unit: "currency", Meaning: "What the customer has spent in the window."},
		{Name: "predicted_value", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "Spending expected in the next 365 days."},
		{Name: "total_value", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "historic_value + predicted_value."},
		{Name: "churn_risk", Kind: frame.Float, Nullable: true, Unit: "share",
			Meaning: "Probability that the customer orders nothing in the next 365 days. Not that the customer has left for good: the model has no such state."},
		{Name: "days_between_orders", Kind: frame.Float, Nullable: true, Unit: "days", Meaning: "Average days between orders in the window. Null with fewer than two."},
		{Name: "next_order", Kind: frame.Text, Nullable: true, Meaning: "Date at which the next order is due, YYYY-MM-DD. Null where customers do not keep to their own gaps."},
		{Name: "method", Kind: frame.Text, Meaning: "nbd, last_90_days or none: what orders and money are from."},
		{Name: "why", Kind: frame.Text, Nullable: true, Meaning: "Reason for each null. Null if there is none."},
	}}

// Methods of predict.
const (
	MethodNBD  = "nbd"          // the model
	MethodSame = "last_90_days" // the same as in the last 90 days
	MethodNone = "none"         // too little history for either
)

// PredictResult is what predict reports. A value that is undefined is null.
type PredictResult struct {
	Cut         calendar.Date        `json:"cut"`       // of the backtest: the model is fitted before it, and judged by the days after
	Days        int                  `json:"days"`      // of the period that is forecast
	Customers   int64                `json:"customers"` // known at the cut
	Model       *PredictModel        `json:"model"`     // as fitted at the cut; null if it could not be
	Served      *PredictModel        `json:"served"`    // as fitted today
	Backtest    []Backtest           `json:"backtest"`
	Calibration []PredictCalibration `json:"calibration"` // of the model, by tenths of its probability
	Published   string               `json:"published"`   // method that ranks better
	Bias        string               `json:"bias"`        // what the backtest says of the published numbers, in words
	Due         DueResult            `json:"due"`
	Segments    []PredictedSegment   `json:"segments"`
	Findings    []string             `json:"findings"` // what cannot be said
}

// PredictModel has the parameters. Those of spending are null where too few customers have ordered again.
type PredictModel struct {
	R             float64  `json:"r"`
	Alpha         float64  `json:"alpha"` // days
	P             *float64 `json:"p"`
	Q             *float64 `json:"q"`
	V             *float64 `json:"v"` // currency
	LogLikelihood float64  `json:"log_likelihood"`
}

// Backtest is how one method did in the days after the cut.
type Backtest struct {
	Method        string   `json:"method"`
	OrdersRMSE    *float64 `json:"orders_rmse"`
	OrdersRatio   *float64 `json:"orders_ratio"` // Σ forecast / Σ came
	AUC           *float64 `json:"auc"`
	Spearman      *float64 `json:"spearman"`
	MoneyRMSE     *float64 `json:"money_rmse"`
	MoneyRatio    *float64 `json:"money_ratio"`
	MoneySpearman *float64 `json:"money_spearman"`
}

// PredictCalibration is one tenth of the customers at the cut.
type PredictCalibration struct {
	Decile       int     `json:"decile"` // 1 has the lowest forecasts
	Customers    int64   `json:"customers"`
	OrdersMean   float64 `json:"orders"` // forecast, a customer
	OrdersActual float64 `json:"orders_actual"`
	Buys         float64 `json:"p_buys"` // forecast
	Bought       float64 `json:"bought"` // share
}

// DueResult says whether customers come when their own average gap is over.
type DueResult struct {
	Due   bool      `json:"due"`
	Rates []DueRate `json:"rates"`
	Why   string    `json:"why"`
}

// DueRate is the share of customers who came within 30 days, by how many of their own gaps had passed.
type DueRate struct {
	From      float64  `json:"from"`
	To        *float64 `json:"to"` // null in the last
	Customers int64    `json:"customers"`
	Rate      *float64 `json:"rate"`
}

// PredictedSegment is what a segment is expected to do in the next 90 days.
type PredictedSegment struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Customers int64        `json:"customers"`
	Orders    *float64     `json:"orders"`
	Money     *float64     `json:"money"`   // over the customers of whom it can be said
	Unsaid    int64        `json:"unsaid"`  // customers of whom it cannot
	Buyers    *float64     `json:"buyers"`  // Σ probability of an order
	Spent     money.Amount `json:"revenue"` // in the window
}

// Defined returns v for a field that is null where v is undefined: NaN or infinite.
func Defined(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
