// Package xlsx reads the rows of workbooks (Office Open XML, ECMA-376) as a stream: memory holds the shared strings, of which
// there are 384 MiB at most, and one row, whatever the size of a sheet. It distinguishes numbers, texts, times, truth values and
// errors, takes every number as the fifteen digits that spreadsheets compute with, and takes no part of a file for whole that
// is not.
//
//	book, err := xlsx.Open(parts)
//	counts, err := record.ReadTables(ctx, book.Tables(), opts, sink)
//
// What it does not look at: styles (a number in a column of times is a serial number, however it is shown), formulas (their
// last values count), comments, hidden rows (they are rows), merged cells (the first holds the value), and the size that a
// sheet claims to have.
package xlsx
