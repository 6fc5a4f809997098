// Command publish copies the tables of a run to BigQuery.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/publish"
)

func main() { os.Exit(task.Main(publish.Task, os.Args[1:])) }
