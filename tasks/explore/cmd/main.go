// Command explore describes a shop: how people buy, where, and where the revenue comes from.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/explore"
)

func main() { os.Exit(task.Main(explore.Task, os.Args[1:])) }
