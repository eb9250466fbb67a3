package progress

import (
	"os"

	"golang.org/x/sys/windows"
)

// redraws says whether a console understands escape sequences, and tells it to.
func redraws(f *os.File) bool {
	var mode uint32
	console := windows.Handle(f.Fd())
	if os.Getenv("TERM") == "dumb" || windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
