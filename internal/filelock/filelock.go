// Package filelock locks files against other processes and against other users
// in the same process. The operating system releases a lock when its process
// ends, however it ends, so no lock is ever left behind. The files stay.
package filelock

import (
	"os"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
)

// Lock creates the file at path if there is none and waits until it has the
// lock, which it holds until the file is closed.
func Lock(path string) (*os.File, error) {
	f, err := open(path, true)
	return f, errors.Wrapf(err, "filelock: Lock: %s", path)
}

// TryLock is [Lock] without the wait: a locked file is an error. The error is
// an [os.PathError] only if the file cannot be created or opened.
func TryLock(path string) (*os.File, error) {
	f, err := open(path, false)
	return f, errors.Wrapf(err, "filelock: TryLock: %s", path)
}

func open(path string, wait bool) (*os.File, error) {
	if err := fulldisk.Fails(fulldisk.Create, path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f, wait); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
