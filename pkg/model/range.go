package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/clientele/clientele/pkg/frame"
)

// InRange returns those customers who would be in the reference had they been there at training. Where the reference is all of the
// training customers, these are all; where it is a sample of them by the hash of the key, those of the same range of hashes:
// anybody else would look like a customer who is new.
func (b *Bundle) InRange(customers *frame.Frame) *frame.Frame {
	in := b.inRange()
	if in == nil {
		return customers
	}
	var rows []int
	for i, key := range customers.Strings("customer") {
		if in(key) {
			rows = append(rows, i)
		}
	}
	return customers.Take(rows)
}

// inRange reports of a customer's key whether it is in the reference's range; nil where everybody is.
func (b *Bundle) inRange() func(key string) bool {
	if b.Model.Customers.Rows <= b.Reference.Rows() {
		return nil
	}
	rank := rankOf
	if b.Model.Drawn == "" {
		rank = func(key string) []byte { return seededRank(b.Model.Recipe.Seed, key) }
	}
	var most []byte
	for _, key := range b.Reference.Strings("customer") {
		if r := rank(key); bytes.Compare(r, most) > 0 {
			most = r
		}
	}
	return func(key string) bool { return bytes.Compare(rank(key), most) <= 0 }
}

// drawnByKey says that a reference is the customers with the smallest [rankOf].
const drawnByKey = "key"

// rankOf is what [Sample] draws by. It is another hash than that of [HeldOut], so that one says nothing of the other.
func rankOf(key string) []byte {
	sum := sha256.Sum256([]byte("reference\x00" + key))
	return sum[:]
}

// seededRank is what an earlier program drew by.
func seededRank(seed uint64, key string) []byte {
	sum := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, seed), key...))
	return sum[:]
}
