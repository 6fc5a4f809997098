package preprocess

import (
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/scratch"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// size is how many lines are to be cleaned within how much memory, which says how they are cut.
type size struct {
	memory scratch.Budget
	parts  int // as many as were asked for; 0 is as many as suit the lines
	lines  int64
	file   int64 // lines of the largest day file
	batch  int64 // lines of the largest batch of one
	shards int
}

// A partition of so many lines, and what comes of them, fits the cache of a core.
const (
	partitionLines = 32 << 10
	mostPartitions = 1024
)

// What is held at a time, in bytes.
const (
	fixedBytes    = 20 << 20      // whatever the lines: connections, the snapshot, the result, what is not collected yet
	blockBytes    = 16 << 10      // an open block of lines, of each shard and partition
	lineBytes     = 64            // a line of a block
	fileBytes     = 32            // a line of a file that is open
	decodeBytes   = 384           // a line of a batch that is read: its columns, compressed and not
	workBytes     = 4 * lineBytes // a line of a partition, for each core: while it is worked on, and what is kept of it in two of [eachPiece]
	saleBytes     = 160           // a row of the batch that is written: its columns, and what they are compressed to
	customerBytes = 576           // the same
)

// spills reports whether lines need a scratch file. Those that get a customer are there twice.
func (s size) spills() bool { return s.memory > 0 && 2*s.lines*lineBytes > s.memory.Rows() }

// decodes returns how many files are decoded at a time: as many as there are cores, if an eighth of the memory is enough for them.
func (s size) decodes() int {
	if n := int64(task.Workers()); s.memory > 0 {
		return int(max(1, min(n, int64(s.memory)/8/max(s.batch*decodeBytes, 1))))
	}
	return task.Workers()
}

// opens returns how many files are open at a time: enough to hide a bucket's latency, if a sixteenth of the memory is enough for them.
func (s size) opens() int {
	const enough = 16
	if s.memory > 0 {
		return int(max(int64(s.decodes()), min(enough, int64(s.memory)/16/max(s.file*fileBytes, 1))))
	}
	return enough
}

// partitions returns into how many parts customers are cut. Many parts have many open blocks, few have many lines that are worked on.
func (s size) partitions() int {
	if s.parts > 0 {
		return s.parts
	}
	n := max(1, s.lines/partitionLines)
	if s.memory > 0 { // a quarter of it holds those that are worked on
		n = max(n, 4*s.lines*workBytes*int64(task.Workers())/int64(s.memory))
	}
	if s.spills() {
		n = min(n, max(s.memory.Rows()/4/int64(s.shards)/blockBytes, s.balance()))
	}
	return int(min(n, mostPartitions))
}

// balance is the number of partitions with the least memory: their open blocks and their lines take the same.
func (s size) balance() int64 {
	work, blocks := s.lines*workBytes*int64(task.Workers()), int64(max(s.shards, 1))*blockBytes
	return min(max(1, int64(math.Sqrt(float64(work)/float64(blocks)))), mostPartitions)
}

// check refuses what needs more memory: at first, before anything is read, with no customers, and once more when they are counted.
// A customer with very many lines is found later, and so are partitions that were asked for and are too large.
func (s size) check(customers int64) error {
	if s.memory == 0 || s.parts > 0 {
		return nil
	}
	n := s.balance()
	read := n*int64(s.shards)*blockBytes + s.batch*decodeBytes
	work := s.lines/n*workBytes*int64(task.Workers()) + min(s.lines, table.BatchRows)*saleBytes + min(customers, table.BatchRows)*customerBytes
	need := fixedBytes + max(read, work)
	need += min(need/3, 2*s.lines*lineBytes) // the lines themselves: [scratch.Budget.Rows], a quarter of all
	if need > int64(s.memory) {
		return tooLittle(s.memory, fmt.Sprintf("cleans %d lines", s.lines), need)
	}
	return nil
}
