package contract

import "github.com/clientele/clientele/pkg/calendar"

// Kinds of message: what a run came to, for somebody who reads one line.
const (
	MessageFirst     = "first"     // the first model
	MessagePromotion = "promotion" // a new model replaces the current one
	MessageQuiet     = "quiet"     // the current model stays, and nothing speaks against it
	MessageHeld      = "held"      // a new model was refused, or promotions are on hold
	MessageFixData   = "fix_data"  // the lines are broken: nobody was scored
	MessageNoModel   = "no_model"  // no model has passed the gates yet
	MessageRescored  = "rescored"  // customers were scored without a decision on a model, as after a rollback
)

// Message is what a run came to, in a few sentences for people who do not open the page: message.json. It counts customers and
// names none. It does not know where the page is: whoever sends it does.
type Message struct {
	Version   int           `json:"version"`
	Kind      string        `json:"kind"`
	Title     string        `json:"title"` // of the page
	Run       string        `json:"run"`
	AsOf      calendar.Date `json:"as_of"`
	Headline  string        `json:"headline"`
	Sentences []string      `json:"sentences"` // each begins with what it is about, as in "People: …"
}

// MessageVersion is the version of a message's JSON.
const MessageVersion = 1
