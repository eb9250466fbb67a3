package fulldisk

import (
	"io"
	"os"
	"sync/atomic"
)

// A Step is a step on the way of a file to the disk.
type Step string

// The steps of a file.
const (
	Create Step = "create"
	Write  Step = "write"
	Sync   Step = "sync"
	Rename Step = "rename"
)

// A Fault returns the error with which a step of the file at path fails, nil if it does
// not. It is called for each step, by several goroutines at a time.
type Fault func(step Step, path string) error

// fault is that of the running test. Commands have none. It belongs to the process, as
// the disk does: a file system handed through all who write would be the alternative.
var fault atomic.Pointer[Fault]

// Inject makes the files of this process fail as f says, until stop is called.
func Inject(f Fault) (stop func()) {
	fault.Store(&f)
	return func() { fault.Store(nil) }
}

// Fails returns the error with which a step fails, nil if no test wants it to.
func Fails(step Step, path string) error {
	if f := fault.Load(); f != nil {
		if err := (*f)(step, path); err != nil {
			return &os.PathError{Op: string(step), Path: path, Err: err}
		}
	}
	return nil
}

// Writer returns what writes to f, the file that has or will have the name path. It is f
// itself unless a test wants it to fail.
func Writer(path string, f *os.File) io.Writer {
	if fault.Load() == nil {
		return f
	}
	return &faulty{path: path, file: f}
}

type faulty struct {
	path string
	file *os.File
	err  error
}

// Write implements [io.Writer]. If it fails, half of b is on the disk.
func (w *faulty) Write(b []byte) (int, error) {
	if w.err == nil {
		w.err = Fails(Write, w.path)
	}
	if w.err == nil {
		return w.file.Write(b)
	}
	n, err := w.file.Write(b[:len(b)/2])
	if err != nil {
		return n, err
	}
	return n, w.err
}
