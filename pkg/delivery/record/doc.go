// Package record turns the records of a delivery, whatever its format, into transaction lines. It knows the eight fields of a
// line and which columns hold them, how numbers and times are written, and the rules that a record must keep. A record that
// keeps them all becomes a [Line]; one that breaks any is rejected with every rule it broke. Both come in a [Block].
//
// A reader of a format does one of two things. Where the format has cells (a workbook, parquet, Arrow) it offers [Tables], and
// [ReadTables] does the rest. Where it has bytes (package text) it cuts them into fields and gives each record to a [Builder].
package record
