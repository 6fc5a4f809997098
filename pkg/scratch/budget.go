package scratch

import "fmt"

// Budget is the memory that a step may use for its data, in bytes; 0 is no bound. Buffers take their part of it here and have their usual
// sizes from 768 MiB on. Below that they are smaller, and more goes to scratch files; no output depends on it.
//
// Tables that a step holds as a whole are refused before they are read where they do not fit, and the garbage collector works harder as
// the heap nears the budget. Not everything draws on it yet: the fit itself takes what the data need.
type Budget int64

const mib = 1 << 20

// Program is what a step takes before it has read anything: its code, of which not all is ever used, and Go's runtime.
const Program = 28 * mib

// TooLittle says how much memory there is, and how much must be for so many bytes of data. does follows "this step".
func (b Budget) TooLittle(does string, need int64) string {
	return fmt.Sprintf("--memory is %d MiB, and this step %s, for which it needs %d MiB at least: give it more memory",
		(int64(b)+Program)/mib, does, (need+Program+mib-1)/mib)
}

// SharedStrings is the most that the shared strings of a workbook take; one that needs more is refused.
func (b Budget) SharedStrings() int { return b.part(384*mib, 2) }

// Ballast is what the garbage collector is told to count as in use.
func (b Budget) Ballast() int { return b.part(64*mib, 12) }

// Lines is what a delivery takes between reading and writing.
func (b Budget) Lines() int { return b.part(32*mib, 24) }

// Rows is what the lines of preprocess take before they go to a scratch file; 0 is no bound.
func (b Budget) Rows() int64 { return int64(b) / 4 }

// Texts is what the distinct customers and invoice numbers of preprocess take before they go there too, and what a pass over all lines
// holds of each; 0 is no bound.
func (b Budget) Texts() int64 { return int64(b) / 6 }

// Known is the most that preprocess may hold of all customers and invoices at once.
func (b Budget) Known() int64 { return int64(b) / 4 * 3 }

// Table is what a finished table takes.
func (b Budget) Table() int { return b.part(8*mib, 96) }

// Upload is what each of the tables takes that are written side by side.
func (b Budget) Upload() int { return b.part(mib, 768) }

// Object is what an object takes that was fetched from a bucket.
func (b Budget) Object() int { return b.part(8*mib, 96) }

// part returns the usual size, or one of so many parts of the budget if that is less.
func (b Budget) part(usual, parts int) int {
	if b <= 0 {
		return usual
	}
	return int(min(int64(usual), int64(b)/int64(parts)))
}
