// Package task runs a task: it makes a program out of a step's Run function.
//
// It owns what every program of this repository does alike: flags with a CLIENTELE_<FLAG> twin each, all problems of a
// command line reported at once, SIGTERM and SIGINT, logs in Cloud Logging's names (plain lines and progress bars on a
// terminal), exit codes, the termination message, the result file, --version and --help.
//
//	func main() {
//		os.Exit(task.Main(ingest.Task, os.Args[1:]))
//	}
//
// with, in tasks/ingest:
//
//	var Task = task.Task[Config, contract.IngestResult]{
//		Name: "ingest", Usage: "take a delivery in", Example: "ingest --root=… --source=…",
//		Flags: Flags, Config: NewConfig, Run: Run,
//	}
//
// Environment, clock, exit and printing are read here and nowhere below.
package task
