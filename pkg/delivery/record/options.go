package record

import (
	"runtime"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// Dialect is how a source writes delimited text. The zero value is comma, point and UTF-8.
type Dialect struct {
	Separator byte // between fields; 0 means a comma
	Decimal   byte // the decimal separator, also in cells of text; 0 means a point
	Group     byte // between thousands, also in cells of text: , . ' or a blank, which stands for every blank; 0 means none
	Encoding  Encoding
}

// Rates say what one unit of a currency, an ISO 4217 code, was worth on a day in the shop's money; false is no rate.
type Rates interface {
	On(day calendar.Date, currency string) (money.Rate, bool)
}

// Options say how records are read. The zero value reads the usual copy of Online Retail.
type Options struct {
	Dialect     Dialect
	Layout      Layout         // of times; the zero value means [DefaultLayout]
	Zone        *time.Location // the shop's, into which times with a zone are converted; nil means UTC
	Preset      *Preset        // whose columns are looked for; nil means UCI's
	Columns     ColumnNames    // for columns without a known spelling; "" as a column means that the field is ignored
	Missing     []string       // words that mean no customer, besides [MissingCustomer]
	Currency    string         // ISO 4217 code of the shop's money, which a line in another currency breaks; "" takes every sign and code
	Rates       Rates          // by which lines in other currencies are converted into it; nil converts none
	CustomerKey []byte         // customers become the HMAC-SHA256 of their id under this key, in hex; nil leaves them
	// Forgotten reports whether a customer's records are rejected and nothing of them kept, by the id as it is stored. Many goroutines
	// call it. nil is nobody.
	Forgotten func(id string) bool
	Workers   int // 0 means GOMAXPROCS; the outcome does not depend on it
	Chunk     int // bytes read at a time; 0 means 1 MiB; the outcome does not depend on it
	MaxRecord int // bytes of a record, see [RecordTooLong]; 0 means 256 KiB
}

// SetDefaults replaces zero values by what they mean.
func (o *Options) SetDefaults() error {
	if o.Dialect.Separator == 0 {
		o.Dialect.Separator = ','
	}
	if o.Dialect.Decimal == 0 {
		o.Dialect.Decimal = '.'
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Chunk <= 0 {
		o.Chunk = 1 << 20
	}
	if o.MaxRecord <= 0 {
		o.MaxRecord = 256 << 10
	}
	if o.Layout.text == "" {
		layout, err := ParseLayout(DefaultLayout)
		if err != nil {
			return err
		}
		o.Layout = layout
	}
	o.Layout = o.Layout.In(o.Zone)
	return nil
}
