// Command report makes one page for people of what a run found.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/report"
)

func main() { os.Exit(task.Main(report.Task, os.Args[1:])) }
