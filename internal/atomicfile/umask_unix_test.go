//go:build unix

package atomicfile

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Others may read a file as far as the umask lets them.
func TestUmask(t *testing.T) {
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	for _, tt := range []struct {
		mask int
		want os.FileMode
	}{{0o077, 0o600}, {0o022, 0o644}, {0o002, 0o664}} {
		syscall.Umask(tt.mask)
		path := filepath.Join(t.TempDir(), "a")
		if err := Write(path, text("new")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != tt.want {
			t.Errorf("umask %o: want mode %o, got %v, %v", tt.mask, tt.want, info.Mode(), err)
		}
		// A secret is for its owner, even while it is written.
		dir := t.TempDir()
		err := WritePrivate(filepath.Join(dir, "secret"), func(io.Writer) error {
			all, err := os.ReadDir(dir)
			if err != nil || len(all) != 1 {
				t.Fatalf("want a temporary file, got %v, %v", all, err)
			}
			info, err := all[0].Info()
			if err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("umask %o: want mode 600, got %v", tt.mask, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
