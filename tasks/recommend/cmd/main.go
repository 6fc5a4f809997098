// Command recommend lists what to offer to every customer, and says how well such lists did on the last month.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/recommend"
)

func main() { os.Exit(task.Main(recommend.Task, os.Args[1:])) }
