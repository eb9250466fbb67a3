// Package atomicfile replaces files so that a crash at any moment leaves either
// the old file or the new one, intact.
package atomicfile

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
)

// Write replaces the file at path with what write writes. That goes to a
// temporary file in the same directory, which is synchronized with the disk
// before it takes the file's name. If Write fails, the old file is untouched
// and the temporary one is removed.
func Write(path string, write func(io.Writer) error) error { return replace(path, 0o666, write) }

// WritePrivate is [Write] for a file that only its owner can read, from the first byte.
func WritePrivate(path string, write func(io.Writer) error) error { return replace(path, 0o600, write) }

func replace(path string, mode os.FileMode, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := create(path, mode)
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
	if err = write(fulldisk.Writer(path, f)); err != nil {
		return err
	}
	if err = fulldisk.Fails(fulldisk.Sync, path); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = fulldisk.Fails(fulldisk.Rename, path); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// create makes the temporary file of path with a mode, less what the umask takes.
func create(path string, mode os.FileMode) (*os.File, error) {
	if err := fulldisk.Fails(fulldisk.Create, path); err != nil {
		return nil, err
	}
	for {
		name := filepath.Join(filepath.Dir(path), prefix(path)+strconv.FormatUint(rand.Uint64(), 10)+suffix)
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
}

// The name of a temporary file is that of its file between these, with digits
// added.
const suffix = ".tmp"

func prefix(path string) string { return "." + filepath.Base(path) + "." }

// Clean removes the temporary files left by processes that were killed while
// they wrote one of the files at paths. Nothing may be writing these files
// meanwhile. A missing directory is no error.
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

// temporary reports whether name is that of a temporary file of path.
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
