// Package retail knows transaction lines: it reads them from a delivery's bytes, record by record accepted or rejected with
// every rule it broke; keeps them in memory as flat columns; applies the rules that clean them; matches cancellations with
// their sales; and accounts for every line and every penny in a ledger.
//
//	lines := retail.NewLines(rows)
//	err := lines.Append(batch)
//	kept, err := retail.DefaultRules().Apply(lines)
//	kept.Ledger.Kept().Amount   // 8309328.5900 of UCI Online Retail
package retail
