// Package scratch makes scratch files, and says how much memory is used before one is needed.
package scratch

import (
	"errors"
	"fmt"
	"os"
)

// File makes an empty file in a folder, "" for the system's. The file has no name, so its space is freed when it is closed, and
// also when the process is killed.
func File(folder string) (*os.File, error) {
	f, err := os.CreateTemp(folder, "clientele-*")
	if err != nil {
		return nil, fmt.Errorf("make scratch file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("make scratch file: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}
