// Command score gives every customer a segment by the model in force.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/score"
)

func main() { os.Exit(task.Main(score.Task, os.Args[1:])) }
