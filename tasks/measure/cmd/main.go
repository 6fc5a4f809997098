// Command measure says what change of the average invoice could be seen, assigns campaigns and reads them.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/measure"
)

func main() { os.Exit(task.Main(measure.Program, os.Args[1:])) }
