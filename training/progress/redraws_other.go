//go:build !windows

package progress

import "os"

// redraws says whether a terminal understands escape sequences, which one without a
// name or called dumb need not.
func redraws(*os.File) bool {
	name := os.Getenv("TERM")
	return name != "" && name != "dumb"
}
