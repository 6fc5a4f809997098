// Command demo writes a shop for those who have no data at hand: lines.csv and truth.json.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/demo"
)

func main() { os.Exit(task.Main(demo.Task, os.Args[1:])) }
