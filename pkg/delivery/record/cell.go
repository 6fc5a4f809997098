package record

import "io"

// CellKind says what a cell of a sheet or of a table holds.
type CellKind uint8

// The kinds of cells.
const (
	NoCell     CellKind = iota // nothing
	TextCell                   // Text, as written; what holds for a field of delimited text holds for it
	NumberCell                 // Text is the number in decimal: a point at most, no exponent, no zeros after its last decimal
	TimeCell                   // Micros is a local time; Text is it as written, or empty
	OddCell                    // what no field can hold, an error value or a truth value; Text shows it
)

// Cell is one value of a row.
type Cell struct {
	Kind   CellKind
	Text   []byte
	Micros int64 // µs since 1970-01-01T00:00 of the shop's local time
}

// Row is a record in cells. Missing cells at its end are as good as empty ones.
type Row struct {
	Line  int64 // of its table, from 1, for people
	Cells []Cell
}

// RowReader reads the rows of a table.
type RowReader interface {
	// ReadRow makes row the next row, or returns io.EOF. It may use the memory that row had, and row until it is called again.
	ReadRow(row *Row) error
}

// Table is a part of a delivery whose records come in cells: a sheet of a workbook, or a file of columns.
type Table struct {
	Name   string     // of the sheet; "" where a delivery can have but one table
	Header []string   // nil if it is the first row that is not blank; then blank rows are no records
	Dates  DateSystem // of numbers that mean times
	Rows   RowReader
}

// Tables goes through the tables of a delivery.
type Tables interface {
	// NextTable returns the next table, or io.EOF. What came before is no longer read.
	NextTable() (*Table, error)
}

// oneTable is a delivery of one table.
type oneTable struct{ table *Table }

// OneTable returns a delivery of one table.
func OneTable(t *Table) Tables { return &oneTable{t} }

// NextTable is that of [Tables].
func (o *oneTable) NextTable() (*Table, error) {
	t := o.table
	if o.table = nil; t == nil {
		return nil, io.EOF
	}
	return t, nil
}
