// Command inspect shows how a delivery would be read and what its lines would mean. It stores nothing.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/inspect"
)

func main() { os.Exit(task.Main(inspect.Task, os.Args[1:])) }
