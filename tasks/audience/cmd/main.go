// Command audience puts customers on lists.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/audience"
)

func main() { os.Exit(task.Main(audience.Task, os.Args[1:])) }
