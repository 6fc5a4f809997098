// Package feature makes customers out of kept sale lines: the numbers that segments are built from and described by.
//
//	kept, err := retail.DefaultRules().Apply(lines)
//	table := feature.Build(kept, window)
//	frame := table.Frame()   // one row a customer, in byte order of the customer
//
// Every number is a function of the set of lines: sums are whole numbers of ten-thousandths, and where a result is a
// float64 it is computed in the order of time. So neither the order of lines nor the number of cores changes a bit.
package feature
