// Package explore describes a shop by its sale lines: how people buy, where they are, and where the revenue comes from.
//
//	shop := explore.New(sales, explore.Options{AsOf: asOf, Days: 365})
//	nature := shop.Nature(explore.DefaultRule())     // personal, bulk or reseller, by thresholds found in the lines
//
// It is arithmetic on columns in memory: it reads no store and no clock. Money is whole ten-thousandths and adds up exactly;
// sums of floating-point numbers run over sorted values, so that no number depends on the order of the lines, on the names of
// the customers or on the number of cores.
package explore
