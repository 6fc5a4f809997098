package contract

import "log/slog"

// EraseResult is what registry erase reports, and what its receipt keeps: erasures/<n>.json. It has no customer's key.
type EraseResult struct {
	Version   int    `json:"version"`
	Erasure   int    `json:"erasure"` // number of the receipt, 0 for a plan
	Plan      string `json:"plan"`    // digest of whom it is about and what holds them: a person approves a plan by it. "" where it could not be made
	Done      bool   `json:"done"`    // false for a plan, and for an erasure that is not finished
	At        string `json:"at"`      // RFC 3339, when it began
	Actor     string `json:"actor"`
	Reason    string `json:"reason"`
	Customers int    `json:"customers"` // that were asked for
	Seq       int64  `json:"seq"`       // of the list of forgotten customers, afterwards
	// What held them before, by kind.
	Objects []ErasedKind `json:"objects"`
	// Models that hold them, and those of HEAD that went on without.
	Models []ErasedModel `json:"models"`
	// Lists that went to other systems with them: a person has to take them out there.
	Exports   []ErasedExport `json:"exports"`
	Warehouse []ErasedTable  `json:"warehouse"`
	// What could not be deleted, or is kept by the store for some time.
	Left []ErasedLeft `json:"left"`
	// More is how many entries of models, exports and left are in the receipt only: a scheduler keeps a result short.
	More int `json:"more,omitempty"`
	// KeptHours is how long the stores can give back what was deleted, 0 for not at all.
	KeptHours int `json:"kept_hours"`
	// WarehouseHours is how long BigQuery can give rows back: time travel, and the fail-safe of Google's support after it. 0 without one.
	WarehouseHours int `json:"warehouse_hours,omitempty"`
}

// ErasedKind is how many objects of a kind held the customers.
type ErasedKind struct {
	Where   string `json:"where"` // root or registry
	Kind    string `json:"kind"`
	Objects int    `json:"objects"`
	Old     int    `json:"old"` // of them, generations that the bucket keeps
	Rows    int64  `json:"rows"`
	Bytes   int64  `json:"bytes"`
}

// ErasedModel is a model whose customers are deleted.
type ErasedModel struct {
	ModelID   string `json:"model_id"`
	Name      string `json:"name,omitempty"`      // of the registry whose HEAD it was
	Successor string `json:"successor,omitempty"` // HEAD's model without the customers
	Seq       int64  `json:"seq,omitempty"`       // revision of HEAD that has it
}

// ErasedExport is a list that went out with the customers.
type ErasedExport struct {
	ID        string `json:"id"`
	Tool      string `json:"tool"`
	List      string `json:"list"`
	Segment   string `json:"segment"`
	At        string `json:"at"`
	Customers int64  `json:"customers"` // of those to be forgotten
}

// ErasedTable is a table of the warehouse.
type ErasedTable struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// ErasedLeft is what an erasure could not delete.
type ErasedLeft struct {
	Object string `json:"object"`
	Kind   string `json:"kind"`            // LeftRetention, …
	Until  string `json:"until,omitempty"` // the day from which it can be deleted, "" for unknown
	Why    string `json:"why"`
}

// shown is how many entries of each list a scheduler is told.
const shown = 10

// Short returns a result of at most ten models, exports and objects that are left.
func (r EraseResult) Short() EraseResult {
	for _, n := range []int{len(r.Models), len(r.Exports), len(r.Left)} {
		r.More += max(0, n-shown)
	}
	r.Models, r.Exports, r.Left = r.Models[:min(shown, len(r.Models))], r.Exports[:min(shown, len(r.Exports))], r.Left[:min(shown, len(r.Left))]
	return r
}

// Why an object is left.
const (
	LeftRetention  = "retention"  // of the bucket or the object, until a day
	LeftHold       = "hold"       // until somebody releases it
	LeftUnreadable = "unreadable" // it is not known whom it holds
	LeftText       = "text"       // a text in JSON that equals an id, and may mean something else
)

// Closing says what was done.
func (r EraseResult) Closing() []slog.Attr {
	act := "plan"
	if r.Done {
		act = ActionErase
	}
	return []slog.Attr{slog.String("action", act)}
}

// GCResult is what registry gc reports.
type GCResult struct {
	Deleted  bool       `json:"deleted"` // false for a plan
	Kept     int        `json:"kept"`    // objects that something names, or that are too young
	Young    int        `json:"young"`   // of them, objects that nothing names
	Garbage  []GCKind   `json:"garbage"`
	Left     []GCObject `json:"left"` // that could not be deleted
	MinHours int        `json:"min_age_hours"`
}

// GCKind is how much of a kind nothing names.
type GCKind struct {
	Where   string `json:"where"`
	Kind    string `json:"kind"`
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"`
}

// GCObject is an object.
type GCObject struct {
	Object string `json:"object"`
	Why    string `json:"why"`
}
