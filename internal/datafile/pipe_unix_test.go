//go:build unix

package datafile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// A pipe is an error at once: opened, it would be waited for until somebody writes.
func TestOpenPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := datafile.Open(path); err == nil || !strings.HasSuffix(err.Error(), "must be a regular file, got a pipe") {
		t.Errorf("got %v", err)
	}
}
