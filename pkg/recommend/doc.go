// Package recommend says what to offer to whom, and how well that worked on the shop's own last month.
//
//	h := recommend.NewHistory(lines)
//	f := recommend.Evaluate(h, asOf, recommend.Options{Workers: 2})
//	lists, err := recommend.Serve(h, asOf, f.Served, filter, options, write)
//
// It works on binary pairs of customer and product code. Training ends before a cut; what a customer bought after it, and not
// before, is what a list should have held. Parameters are chosen on the month before the month of the test, never on the test.
//
// Methods: popularity over all time and over the last 60 days; sums of cosine and Jaccard similarities; and EASE (H. Steck,
// Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019), a regression of every product on all others in closed form.
// Sums over codes run in ascending order of the code's bytes. Scores are compared after rounding to 1e-12; of equal scores the
// lower code comes first. Nothing depends on the order of the lines, on what customers are called, or on the number of workers.
package recommend
