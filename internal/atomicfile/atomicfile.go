// Package atomicfile replaces files so that a crash at any moment leaves the old
// file or the new one, whole.
package atomicfile

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pkg/errors"
)

// Write replaces the file at path by what write writes: into a temporary file of
// the same directory, which is synchronized with the disk before it takes the
// file's name. When it fails the old file is untouched and the temporary one
// removed.
func Write(path string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, prefix(path)+"*"+suffix)
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

// The names of temporary files are those of their files between these, with digits.
const suffix = ".tmp"

func prefix(path string) string { return "." + filepath.Base(path) + "." }

// Clean removes the temporary files that processes have left which were killed while
// they wrote one of the files at the paths. Nobody may be writing them meanwhile. A
// directory that is missing has none.
func Clean(paths ...string) error {
	for _, path := range paths {
		dir := filepath.Dir(path)
		entries, err := os.ReadDir(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return errors.Wrap(err, "atomicfile: Clean")
		}
		for _, e := range entries {
			if !temporary(e.Name(), path) {
				continue
			}
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return errors.Wrap(err, "atomicfile: Clean")
			}
		}
	}
	return nil
}

// temporary reports whether a file of this name is a temporary one of path.
func temporary(name, path string) bool {
	rest, ok := strings.CutPrefix(name, prefix(path))
	if !ok {
		return false
	}
	number, ok := strings.CutSuffix(rest, suffix)
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
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
