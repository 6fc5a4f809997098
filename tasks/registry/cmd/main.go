// Command registry shows which model is in force and was before, checks it, and rolls back.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/registry"
)

func main() { os.Exit(task.Main(registry.Program, os.Args[1:])) }
