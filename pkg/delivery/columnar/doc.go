// Package columnar reads transaction lines out of parquet and Arrow files with Arrow's own readers, a row group or a batch at
// a time. Columns are found by their names as those of delimited text are, and only those that are wanted are read.
//
//	file, err := columnar.OpenParquet(src, size, columnar.Options{Zone: london})
//	counts, err := record.ReadTables(ctx, record.OneTable(file.Table()), opts, sink)
//
// Texts can be strings, bytes or dictionaries of them, and whole or decimal numbers; numbers can be texts; times can be
// timestamps, dates or texts. A timestamp with a zone is an instant and becomes the local time of the shop; one without is
// the local time already. Floating-point numbers are taken as the shortest decimal that means them; NaN means nothing.
//
// Arrow's readers believe what a file says of itself, and panic or ask for any memory if it is wrong. So its lengths are
// looked at first, and a panic is an [ErrDamaged].
package columnar
