// Package records keeps the results of experiments in files, one result to a line. Several
// processes may use a file at a time, and be killed at any moment.
package records

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/filelock"
)

// A Record is the result of a trial. A line of a file has the JSON of one, with all keys but
// those of fields with omitempty.
type Record interface {
	// Key is equal only for records of equal trials, and sorts them.
	Key() (string, error)
	// Check returns an error if the record lacks what tables need.
	Check() error
}

// A File keeps the records of an experiment, one to a line in the order of their trials.
// Adding a record replaces the whole file, under a lock.
type File[R Record] struct {
	path string

	mu    sync.Mutex
	known map[string]entry[R] // by their trials' keys, as last read
}

// An entry is a record and its text, including the newline.
type entry[R Record] struct {
	record R
	text   string
}

func newEntry[R Record](r R) (entry[R], error) {
	text, err := json.Marshal(r)
	return entry[R]{r, string(text) + "\n"}, errors.Wrapf(err, "record %+v", r)
}

// Open returns the file at path, which need not exist yet; its directory
// is created.
func Open[R Record](path string) (*File[R], error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f := &File[R]{path: path}
	return f, f.locked(f.read)
}

// Path returns the path of the file.
func (f *File[R]) Path() string { return f.path }

// All returns the records in the order of the file, as last read.
func (f *File[R]) All() []R {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []R
	for _, key := range slices.Sorted(maps.Keys(f.known)) {
		all = append(all, f.known[key].record)
	}
	return all
}

// Find returns the record with the key of a trial, nil if there is none. It sees
// records that another process has added.
func (f *File[R]) Find(key string) (*R, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.known[key]
	if !ok {
		// Reading the file is cheap compared with the training that follows if
		// the record is missing.
		if err := f.locked(f.read); err != nil {
			return nil, err
		}
		if e, ok = f.known[key]; !ok {
			return nil, nil
		}
	}
	return &e.record, nil
}

// Add keeps a record and returns it. If another process has kept one of the
// same trial first, that one stays and is returned.
func (f *File[R]) Add(r R) (*R, error) {
	key, err := r.Key()
	if err != nil {
		return nil, err
	}
	e, err := newEntry(r)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err = f.locked(func() error {
		if err := f.read(); err != nil {
			return err
		}
		if old, ok := f.known[key]; ok {
			r = old.record
			return nil
		}
		f.known[key] = e
		return atomicfile.Write(f.path, func(w io.Writer) error { return write(w, f.known) })
	})
	return &r, err
}

// locked does what must not happen while another process reads or writes the
// file. Reading matters where open files cannot be replaced, as on Windows.
func (f *File[R]) locked(do func() error) (err error) {
	lock, err := filelock.Lock(f.path + ".lock")
	if err != nil {
		return err
	}
	defer func() {
		if closed := lock.Close(); err == nil {
			err = closed
		}
	}()
	// Nobody else is writing: temporary files belong to processes that were
	// killed.
	if err := atomicfile.Clean(f.path); err != nil {
		return err
	}
	return do()
}

func (f *File[R]) read() (err error) {
	f.known, err = readFile(f.path, f.known)
	return err
}

// write writes the lines in the order of their keys.
func write[R Record](w io.Writer, known map[string]entry[R]) error {
	b := bufio.NewWriter(w)
	for _, key := range slices.Sorted(maps.Keys(known)) {
		b.WriteString(known[key].text)
	}
	return b.Flush()
}

// readFile returns the records of a file by their trials' keys; a missing
// file has none. A line that is not a record, or that is the second of a trial,
// is an error. Lines that were read before are not parsed again.
func readFile[R Record](path string, known map[string]entry[R]) (map[string]entry[R], error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	before := make(map[string]R, len(known))
	for _, e := range known {
		before[e.text] = e.record
	}
	read, lineOf := make(map[string]entry[R]), make(map[string]int)
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimRight(line, "\r\n") + "\n"
		r, ok := before[line]
		if !ok {
			if r, err = readRecord[R](path, number, line); err != nil {
				return nil, err
			}
		}
		key, err := r.Key()
		if err != nil {
			return nil, err
		}
		if first := lineOf[key]; first > 0 {
			return nil, errors.Errorf("%s:%d: trial must have one record, got it on line %d too", path, number, first)
		}
		lineOf[key], read[key] = number, entry[R]{r, line}
	}
	return read, nil
}

// readRecord parses a line of the file at path; lines are numbered from 1.
func readRecord[R Record](path string, number int, line string) (r R, err error) {
	if strings.TrimSpace(line) == "" {
		return r, errors.Errorf("%s:%d: line must be the record of a trial, got an empty one", path, number)
	}
	// JSON may begin with empty lines: errors name the line of the file.
	n, err := configfile.ParseJSON(path, []byte(strings.Repeat("\n", number-1)+line))
	if err != nil {
		return r, err
	}
	if err := n.DecodeAll(&r); err != nil {
		return r, err
	}
	return r, errors.WithMessagef(r.Check(), "%s:%d", path, number)
}
