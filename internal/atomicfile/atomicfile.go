// Package atomicfile replaces files so that a crash at any moment leaves the old
// file or the new one, whole.
package atomicfile

import (
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pkg/errors"
)

// Write replaces the file at path by what write writes: into a temporary file of
// the same directory, which is synchronized with the disk before it takes the
// file's name. When it fails the old file is untouched and the temporary one
// removed.
func Write(path string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return errors.Wrap(err, "atomicfile: Write")
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = errors.Wrapf(err, "atomicfile: Write: %s", path)
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name durable. Windows has no such call for directories.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
