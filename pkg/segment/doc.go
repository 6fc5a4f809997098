// Package segment follows segments from one model to the next.
//
// Two models put the same customers in segments. Segments that share most of their customers are one segment, whatever the
// order in which k-means found the centres, and whether or not there are as many as before.
//
//	origins, gone, err := segment.Trace(before, after, kBefore, kAfter)
//	origins[2].Keeps   // the segment of before whose id segment 2 goes on with, or −1
//	origins[2].Lineage // survived, split, merged or emerged
package segment
