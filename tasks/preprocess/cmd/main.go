// Command preprocess cleans a window's lines by rules, accounts for every one, and builds customers.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/preprocess"
)

func main() { os.Exit(task.Main(preprocess.Program, os.Args[1:])) }
