// Command evaluate holds the candidate against the gates of promotion.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/evaluate"
)

func main() { os.Exit(task.Main(evaluate.Task, os.Args[1:])) }
