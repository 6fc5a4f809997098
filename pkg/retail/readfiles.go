package retail

// A delivery can have several files, which are read one after the other and counted as one.

// Behind numbers the block's records behind those of the files ahead of it.
func (b *Block) Behind(records int64) {
	for i := range b.Runs {
		b.Runs[i].Record += records
	}
	for i := range b.Rejects {
		b.Rejects[i].Record += records
	}
}

// In says which file was read.
func (c *ReadCounts) In(file string) {
	for i := range c.Examples {
		if c.Examples[i].Record > 0 {
			c.Examples[i].File = file
		}
	}
}

// Add adds the counts of the next file. The first example of each rule stays.
func (c *ReadCounts) Add(next ReadCounts) {
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
}
