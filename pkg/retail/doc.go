// Package retail keeps transaction lines in memory as flat columns, applies the rules that clean them, matches cancellations
// with their sales, and accounts for every line and every penny in a ledger. pkg/delivery reads the lines.
//
//	lines := retail.NewLines(rows)
//	err := lines.Append(batch)
//	kept, err := retail.DefaultRules().Apply(lines)
//	kept.Ledger.Kept().Amount   // 8309328.5900 of UCI Online Retail
package retail
