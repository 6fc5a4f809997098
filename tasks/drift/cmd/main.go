// Command drift compares customers with those that the model in force was trained on.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/drift"
)

func main() { os.Exit(task.Main(drift.Task, os.Args[1:])) }
