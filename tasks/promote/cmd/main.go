// Command promote makes a candidate that passed the gates the model in force.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/promote"
)

func main() { os.Exit(task.Main(promote.Task, os.Args[1:])) }
