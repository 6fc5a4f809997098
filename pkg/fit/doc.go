// Package fit turns a recipe and customers into a fit: a space, centroids, and the evidence for their number.
//
// It is pure: train, the shadow fit, the dominance of single features and a reproduction of a model are calls of it.
package fit
