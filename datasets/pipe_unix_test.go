//go:build unix

package datasets_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gorgonia-dropout/dropout/datasets"
)

// A pipe is an error at once: opened, it would be waited for until somebody writes.
func TestPipes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "1.png")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	for name, err := range map[string]error{
		"table":  second(datasets.CSV{Label: "y"}.Open(path)),
		"image":  second(datasets.OpenImage(path)),
		"folder": second(datasets.ImageFolder{Height: 1, Width: 1}.Open(dir)),
		"parent": second(datasets.ImageFolder{Height: 1, Width: 1}.Open(path)),
	} {
		if err == nil || !strings.Contains(err.Error(), "got a pipe") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
