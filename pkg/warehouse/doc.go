// Package warehouse publishes the tables of a run to BigQuery: all of them or none.
//
// A [Publication] is loaded into staging tables, whose rows and sums are checked against the files, and then becomes visible by
// one multi-statement transaction: it replaces the rows of the publication's as-of date in every table, the contents of every
// <table>_current if no later as-of date is published, and adds its rows to the table publications. Whoever reads the dataset
// at any instant sees the old publication or the new one, in all tables alike.
//
// Ids of jobs follow from the publication's key and an attempt: a request that was accepted although its reply was lost is
// found again (409, already exists) and not done twice, and an id whose job failed is used up, so that the next attempt has
// another. Sources: BigQuery's documentation of multi-statement transactions, of job ids, and of loading Parquet.
package warehouse
