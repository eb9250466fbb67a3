package progress

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A terminal has its own size; one that does not know it, and what is no terminal, has 80
// columns and 24 rows.
func TestSize(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if columns, rows := size(file); columns != 80 || rows != 24 {
		t.Errorf("a file must have 80 columns and 24 rows, got %d and %d", columns, rows)
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminal: ", err)
	}
	defer terminal.Close()
	for _, tt := range []struct{ columns, rows, wantColumns, wantRows int }{
		{132, 43, 132, 43}, {1, 1, 1, 1}, {0, 0, 80, 24}, {132, 0, 80, 24}, {0, 43, 80, 24},
	} {
		t.Run(fmt.Sprintf("%dx%d", tt.columns, tt.rows), func(t *testing.T) {
			s := &unix.Winsize{Col: uint16(tt.columns), Row: uint16(tt.rows)}
			if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, s); err != nil {
				t.Skip("no size can be set: ", err)
			}
			if columns, rows := size(terminal); columns != tt.wantColumns || rows != tt.wantRows {
				t.Errorf("must have %d columns and %d rows, got %d and %d", tt.wantColumns, tt.wantRows, columns, rows)
			}
		})
	}
}
