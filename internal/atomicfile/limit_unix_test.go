//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file system that takes no more bytes leaves the old file, whole, and nothing
// else. The limit on the size of files stands for a disk that is full: it fails in
// the middle of a file in the same way, also for root.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := Write(path, text("old")); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Skip("the size of files cannot be limited: ", err)
	}
	small := before
	small.Cur = 1000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Skip("the size of files cannot be limited: ", err)
	}
	written := 0
	err := Write(path, func(w io.Writer) error {
		for range 100 {
			n, err := io.WriteString(w, strings.Repeat("new ", 64))
			if written += n; err != nil {
				return err
			}
		}
		return nil
	})
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), path) {
		t.Errorf("want an error of the file system that names %s, got %v", path, err)
	}
	if written != 1000 {
		t.Errorf("%d bytes were written, want 1000", written)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the old file is %q, %v", got, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("a failed write left %v", files)
	}
}

// A directory that cannot be written to is an error.
func TestReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := Write(path, text("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	if os.Geteuid() == 0 {
		// Root may write to any directory but those that the kernel makes.
		if dir, path = "/sys/kernel", "/sys/kernel/a"; !exists(dir) {
			t.Skip("root may write everywhere, and there is no /sys/kernel")
		}
	}
	err := Write(path, text("new"))
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), dir) {
		t.Errorf("want a permission error that names %s, got %v", dir, err)
	}
	if os.Geteuid() != 0 {
		if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
			t.Errorf("the old file is %q, %v", got, err)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
