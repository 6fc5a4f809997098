package record

import (
	"fmt"

	"github.com/clientele/clientele/pkg/money"
)

// Counts are the outcome of a delivery: Records = Accepted + Rejected.
type Counts struct {
	Records, Accepted, Rejected int64
	Tally
	Foreign
	First, Last int64 // time stamps of accepted rows, µs; of no meaning where Accepted is 0
	Broken      [NumBreaches]int64
	Examples    [NumBreaches]Example
}

// Tally counts what of a delivery was accepted and rejected in physical lines and in money.
type Tally struct {
	Lines, RejectedLines int64        // physical lines of the source, its headers excluded; rows of a table
	AcceptedAmount       money.Amount // Σ|amount| of accepted rows
	AcceptedNet          money.Amount // Σ amount of them
	RejectedAmount       money.Amount // Σ|amount| of rejected records, as far as their numbers can be read

	// Of what is rejected, that of customers who are forgotten.
	ForgottenLines  int64
	ForgottenAmount money.Amount
}

// add adds the tally of what comes next.
func (t *Tally) add(next Tally) {
	t.Lines += next.Lines
	t.RejectedLines += next.RejectedLines
	t.AcceptedAmount = plus(t.AcceptedAmount, next.AcceptedAmount)
	t.AcceptedNet = plus(t.AcceptedNet, next.AcceptedNet)
	t.RejectedAmount = plus(t.RejectedAmount, next.RejectedAmount)
	t.ForgottenLines += next.ForgottenLines
	t.ForgottenAmount = plus(t.ForgottenAmount, next.ForgottenAmount)
}

// Collector numbers and counts the blocks of a source in their order, and hands them on.
type Collector struct {
	Counts Counts
	sink   func(*Block) error
	lines  int64 // of the source, before the next block
}

// NewCollector returns a collector for the blocks after so many lines of a source.
func NewCollector(sink func(*Block) error, lines int64) *Collector {
	return &Collector{sink: sink, lines: lines}
}

// Collect takes the next block.
func (r *Collector) Collect(b *Block) error {
	c := &r.Counts
	b.finish(c.Records, r.lines)
	if b.Accepted > 0 {
		if c.Accepted == 0 || b.First < c.First {
			c.First = b.First
		}
		if c.Accepted == 0 || b.Last > c.Last {
			c.Last = b.Last
		}
	}
	c.Records += b.Records
	c.Accepted += b.Accepted
	c.Rejected += int64(len(b.Rejects))
	c.add(b.Tally)
	c.merge(b.Foreign)
	for i, n := range b.Broken {
		c.Broken[i] += n
		if c.Examples[i].Record == 0 {
			c.Examples[i] = b.Examples[i]
		}
	}
	r.lines += b.lines
	if c.Records != c.Accepted+c.Rejected {
		return fmt.Errorf("%w: %d, %d and %d", ErrUnbalanced, c.Records, c.Accepted, c.Rejected)
	}
	return r.sink(b)
}

// InFile makes a block of a file one of its delivery: the records count on from those of the files before it.
func (b *Block) InFile(file int, name string, records int64) {
	b.File, b.Name = file, name
	for i := range b.Runs {
		b.Runs[i].Record += records
	}
	for i := range b.Rejects {
		b.Rejects[i].Record += records
	}
}

// Name sets the file that the examples are from.
func (c *Counts) Name(file string) {
	for i := range c.Examples {
		if c.Examples[i].Record > 0 {
			c.Examples[i].File = file
		}
	}
}

// Add adds the counts of the next file. The first example of each rule stays.
func (c *Counts) Add(next Counts) {
	if next.Accepted > 0 {
		if c.Accepted == 0 || next.First < c.First {
			c.First = next.First
		}
		if c.Accepted == 0 || next.Last > c.Last {
			c.Last = next.Last
		}
	}
	for i, n := range next.Broken {
		c.Broken[i] += n
		if c.Examples[i].Record == 0 && next.Examples[i].Record > 0 {
			c.Examples[i] = next.Examples[i]
			c.Examples[i].Record += c.Records
		}
	}
	c.Records += next.Records
	c.Accepted += next.Accepted
	c.Rejected += next.Rejected
	c.add(next.Tally)
	c.merge(next.Foreign)
}
