// Command predict says what every customer is expected to order and spend next.
package main

import (
	"os"

	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/predict"
)

func main() { os.Exit(task.Main(predict.Task, os.Args[1:])) }
