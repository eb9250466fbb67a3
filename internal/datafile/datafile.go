// Package datafile opens data files that come from elsewhere. It opens only
// regular files, since reading a pipe or a device in their place might never
// end, and its errors quote names, which may contain anything.
package datafile

import (
	"io/fs"
	"os"

	"github.com/pkg/errors"
)

// Open opens the regular file at path, following symbolic links. errors.Is finds
// fs.ErrNotExist and the like.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, Quoted(err)
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	return f, Quoted(err)
}

// OpenFS is [Open] in a file system.
func OpenFS(fsys fs.FS, name string) (fs.File, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, Quoted(err)
	}
	if err := regular(name, info); err != nil {
		return nil, err
	}
	f, err := fsys.Open(name)
	return f, Quoted(err)
}

func regular(name string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return errors.Errorf("%q must be a regular file, got %s", name, Kind(info.Mode()))
}

// Kind returns what a file is, in words.
func Kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a regular file"
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link that is not followed here"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "a file of another kind"
}

// Quoted returns err with its file name quoted if it is a [*fs.PathError],
// which would print the name raw.
func Quoted(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return errors.Wrapf(at.Err, "%s %q", at.Op, at.Path)
	}
	return errors.WithStack(err)
}
