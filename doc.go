// Package clientele turns a retailer's transaction lines into customer segments that people can act on.
//
// Nothing lives in this package but this page. The rooms are:
//
//	tasks/<task>   one folder a container: config.go (flags → Config → Validate), run.go (the step), cmd/ (wiring only)
//	pkg/task       the runner: flags and environment, signals, logging, exit codes, termination message, result file
//	pkg/task/work  what every step does around its own work: opens the stores, does the same work of a run once
//	pkg/contract   what steps agree on: steps, tables, paths, results, names of runs, keys
//	pkg/objstore   gs:// file:// mem:// — all-or-nothing writes, create-if-absent, compare-and-swap
//	pkg/delivery   reading a delivery: source (file, https, gs: fetched, hashed, unpacked), text, xlsx and columnar (formats),
//	               record (what all formats share: columns, numbers, times, the rules of a record)
//	pkg/frame      columns in memory; what the mathematics and the tables share
//	pkg/scratch    scratch files without a name, and the budget of memory for buffers (--memory)
//	pkg/table      Arrow IPC files: chunked write, checked read, column access
//	pkg/retail     transaction lines in memory: rules, ledger, matching of cancellations, windows
//	pkg/feature    customers out of sales lines
//	pkg/rfm        tie-safe scores and the named grid
//	pkg/space      what k-means sees: transforms, scaling, principal components
//	pkg/cluster    k-means, seeding, criteria, the choice of k
//	pkg/fit        a recipe and customers make a fit
//	pkg/segment    segments from one model to the next: optimal assignment, lineage
//	pkg/outlier    isolation forest: customers unlike all others
//	pkg/drift      statistics and verdict
//	pkg/explore    how people buy, where they are, where the revenue comes from
//	pkg/recommend  what to offer to whom, judged on the last month
//	pkg/invoice    invoices and purchase dates of customers, out of sale lines
//	pkg/predict    what customers order and spend next, and how far such a forecast was off
//	pkg/measure    what a campaign did to the average invoice value: arms, plan, read, A/A
//	pkg/audience   who is on which list, and what came of whom the same rule took before
//	pkg/model      the bundle: canonical encoding, content address, golden customers
//	pkg/lines      the stored lines: snapshots, and the pointer to the current one (replace, append, undo)
//	pkg/registry   HEAD, promote, rollback, history
//	pkg/maintain   forgets customers, and collects what nothing names; it alone lists and deletes
//	pkg/warehouse  BigQuery: the tables of a run, all of them or none
//	pkg/report     one page for people: view (what it shows, typed, with a JSON form), assets (style, script and the policy for them)
//	pkg/message    a run in a few sentences, for people who do not open the page
//	pkg/profile    a shop's profile: how its deliveries are read and what its lines mean, in TOML
//	pkg/demo       an invented shop with planted truths
//	dags           DAG files for Airflow, the package they share, and their tests
//	images         one Dockerfile for every task
//	e2e            real pods, a real scheduler and a browser
//	tools          what builds, tests and measures; a Go module of its own
//
// A step is a function of its inputs, its parameters and its seed. The same inputs, parameters and version give the
// same bytes on any number of cores; "now" is a parameter (--as-of), never the clock.
//
// Start with README.md for the two commands, docs/design.md for the way of the data.
package clientele
