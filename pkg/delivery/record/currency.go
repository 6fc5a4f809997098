package record

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
