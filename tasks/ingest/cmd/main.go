// Command ingest reads a delivery: every record is accepted or rejected.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/ingest"
)

func main() { os.Exit(task.Main(ingest.Task, os.Args[1:])) }
