// Command pipeline runs every step in one process, in the contract's order: what `make run` starts on a laptop.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/pipeline"
)

func main() { os.Exit(task.Main(pipeline.Program, os.Args[1:])) }
