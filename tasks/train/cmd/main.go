// Command train sweeps k, chooses one by the stated rule, and writes the bundle.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/train"
)

func main() { os.Exit(task.Main(train.Task, os.Args[1:])) }
