package record

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// currencySigns are the currencies that a sign may stand for, by their ISO 4217 codes. Signs are those of Unicode's CLDR.
var currencySigns = map[string]string{
	"£": "GBP EGP FKP GIP LBP SDG SHP SSP SYP", "€": "EUR", "¥": "JPY CNY", "￥": "JPY CNY", "₹": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW KPW",
	"₪": "ILS", "₫": "VND", "฿": "THB", "₦": "NGN", "₱": "PHP", "₴": "UAH", "₡": "CRC", "₲": "PYG", "₵": "GHS", "₸": "KZT", "₼": "AZN", "₾": "GEL",
	"₭": "LAK", "₮": "MNT", "₨": "INR LKR MUR NPR PKR SCR", "Rs": "INR LKR MUR NPR PKR SCR", "R$": "BRL", "R": "ZAR", "RM": "MYR", "Rp": "IDR",
	"$":   "USD ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP CVE DOP FJD GYD HKD JMD KYD LRD MXN NAD NIO NZD SBD SGD SRD TTD TWD UYU XCD",
	"US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD NIO", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "NT$": "TWD", "MX$": "MXN",
	"kr": "DKK ISK NOK SEK", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "RON MDL", "Fr": "CHF", "SFr": "CHF", "лв": "BGN", "руб": "RUB",
}

// currencyCodes are the codes of ISO 4217 that are in use.
const currencyCodes = " AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC " +
	"CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES " +
	"KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB " +
	"PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH " +
	"UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG "

// knownCurrency reports whether a text is the sign or code of a currency.
func knownCurrency(name string) bool {
	if r, size := utf8.DecodeRuneInString(name); size == len(name) && unicode.Is(unicode.Sc, r) {
		return true
	}
	return len(name) == 3 && strings.Contains(currencyCodes, " "+name+" ") || currencySigns[strings.TrimSuffix(name, ".")] != ""
}

// mayMean reports whether the sign or code of a currency can stand for the one with this code. A sign that no list has may.
func mayMean(name, code string) bool {
	name = strings.TrimSuffix(name, ".")
	if codes := currencySigns[name]; codes != "" {
		return slices.Contains(strings.Fields(codes), code)
	}
	return len(name) != 3 || name == code || !strings.Contains(currencyCodes, " "+name+" ")
}

// CurrencyOf returns the sign or the code of a currency that a number is written with, "" for none.
func CurrencyOf(number []byte) string {
	_, name := cutCurrency(trimBlank(number))
	return name
}

// CurrencyCode returns the code of the currency that a sign or a code stands for, "" where it can be several. Of the many dollars it
// is the one of the United States, of the pounds the one of the United Kingdom.
func CurrencyCode(name string) string {
	name = strings.TrimSuffix(name, ".")
	codes := strings.Fields(currencySigns[name])
	switch {
	case len(codes) == 1, name == "$", name == "£":
		return codes[0]
	case len(codes) == 0 && len(name) == 3 && strings.Contains(currencyCodes, " "+name+" "):
		return name
	}
	return ""
}

// Foreign says what of a delivery is in other currencies than the shop's. Its zero value is nothing.
type Foreign struct {
	// Currencies are those of accepted lines that were converted or, without rates, of lines that would have to be: by ISO 4217 code;
	// those of which that is not known by the sign that they have, or "".
	Currencies map[string]Exchanged
	NoRate     map[DayCurrency]int64 // records that no rate is known for
}

// Exchanged is what a delivery has in a currency. Amounts are net.
type Exchanged struct {
	Records  int64
	Original money.Amount // in the currency
	Amount   money.Amount // in the shop's; 0 for what was not converted
}

// DayCurrency is a day on which a delivery has lines in a currency.
type DayCurrency struct {
	Day      calendar.Date
	Currency string
}

// foreign counts a record in another currency.
func (f *Foreign) foreign(currency string, original, amount money.Amount) {
	if f.Currencies == nil {
		f.Currencies = map[string]Exchanged{}
	}
	e := f.Currencies[currency]
	f.Currencies[currency] = Exchanged{e.Records + 1, plus(e.Original, original), plus(e.Amount, amount)}
}

// Count counts an accepted line that was converted.
func (f *Foreign) Count(l *Line) {
	if l.Currency != "" {
		f.foreign(l.Currency, l.Original, l.Amount)
	}
}

// merge adds what comes next.
func (f *Foreign) merge(next Foreign) {
	for currency, n := range next.Currencies {
		if f.Currencies == nil {
			f.Currencies = map[string]Exchanged{}
		}
		e := f.Currencies[currency]
		f.Currencies[currency] = Exchanged{e.Records + n.Records, plus(e.Original, n.Original), plus(e.Amount, n.Amount)}
	}
	for at, n := range next.NoRate {
		if f.NoRate == nil {
			f.NoRate = map[DayCurrency]int64{}
		}
		f.NoRate[at] += n
	}
}

// currency returns the currency of the record: what its column says, else the sign of its price or total, else the shop's. One of
// which that is not known is returned as the sign it has, or as nothing.
func (p *Builder) currency() (code string, ok bool) {
	var written []byte
	if p.columns.Has(FieldCurrency) {
		written = p.Fields[FieldCurrency]
	}
	if string(written) != string(p.lastCurrency) { // mostly all lines are in one
		p.lastCurrency = append(p.lastCurrency[:0], written...)
		p.named = string(trimBlank(written))
		if upper := strings.ToUpper(p.named); !knownCurrency(p.named) && knownCurrency(upper) {
			p.named = upper
		}
	}
	name := p.named
	if name == "" {
		name = p.sign
	}
	switch code = CurrencyCode(name); {
	case name == "", knownCurrency(name) && mayMean(name, p.opts.Currency):
		code = p.opts.Currency
	case code == "" && knownCurrency(name):
		return name, false
	case code == "":
		return "", false
	}
	return code, p.named == "" || p.sign == "" || mayMean(p.sign, code)
}

// rate returns the rate of the record's day.
func (p *Builder) rate(code string) (money.Rate, bool) {
	if p.opts.Rates == nil || p.untimed {
		return 0, false
	}
	return p.opts.Rates.On(calendar.DateOf(p.line.Time), code)
}

// inOwn returns an amount of a rejected record in the shop's money, 0 where that cannot be known.
func (p *Builder) inOwn(m money.Amount) money.Amount {
	code, ok := p.currency()
	if p.opts.Currency == "" || ok && code == p.opts.Currency {
		return m
	}
	rate, found := p.rate(code)
	if !ok || !found {
		return 0
	}
	m, _ = rate.Amount(m)
	return m
}

// exchange converts the money of a record that is in another currency, by the rate of its day, and breaks a rule where that cannot be.
func (p *Builder) exchange() Breach {
	own := p.opts.Currency
	if own == "" {
		return 0
	}
	l := &p.line
	code, ok := p.currency()
	if code == own && ok {
		return 0
	}
	if p.opts.Rates == nil {
		p.block.foreign(code, l.Amount, 0)
	}
	if !ok || p.opts.Rates == nil {
		return OtherCurrency
	}
	if p.untimed {
		return 0 // it breaks a rule already
	}
	rate, ok := p.rate(code)
	if !ok {
		if p.block.NoRate == nil {
			p.block.NoRate = map[DayCurrency]int64{}
		}
		p.block.NoRate[DayCurrency{calendar.DateOf(l.Time), code}]++
		return OtherCurrency
	}
	amount, err := rate.Amount(l.Amount)
	price, priceErr := rate.Price(l.Price)
	if err != nil || priceErr != nil {
		return AmountOutOfRange
	}
	l.Currency, l.Original, l.Amount, l.Price, l.HasAmount = code, l.Amount, amount, price, true
	return 0
}
