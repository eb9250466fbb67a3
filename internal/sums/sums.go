// Package sums keeps checksums of the files of a directory in one of them, SHA256SUMS,
// which sha256sum --check reads too.
//
// A crash at any moment leaves files that agree with it: while a file is replaced, both
// its old and its new checksum are listed.
package sums

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// File is the name of the file of checksums.
const File = "SHA256SUMS"

const (
	maxSize = 16 << 20 // of the file of checksums
	maxFile = 16 << 30 // of a file that has one: a longer one is damaged, and would take minutes
)

// A List holds the checksums of files, by their names with slashes below the directory.
// A file may have any of its checksums.
type List map[string][]string

// Read returns the checksums of a directory, none if it has no file of them.
func Read(dir string) (List, error) {
	path := filepath.Join(dir, File)
	f, err := datafile.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return List{}, nil
	}
	if err != nil {
		return nil, errors.Wrap(err, "sums: Read")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, errors.Wrap(err, "sums: Read")
	}
	l, err := Parse(text)
	return l, errors.WithMessage(err, path)
}

var lineRule = regexp.MustCompile(`^([0-9a-f]{64})  (.+)$`)

// Parse reads the text of a file of checksums: lines of 64 hexadecimal digits, two
// blanks and a name below the directory.
func Parse(text []byte) (List, error) {
	if len(text) > maxSize {
		return nil, errors.Errorf("checksums must have at most %d bytes, got more", maxSize)
	}
	l := List{}
	if len(text) == 0 {
		return l, nil
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		return nil, errors.New("checksums must end with a line, got a part of one")
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		m := lineRule.FindStringSubmatch(line)
		if m == nil || !valid(m[2]) {
			return nil, errors.Errorf("line %d must be a checksum and the name of a file below the directory, got %.200q", i+1, line)
		}
		l[m[2]] = append(l[m[2]], m[1])
	}
	return l, nil
}

// valid reports whether a name is that of a file below the directory.
func valid(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsAny(name, "\\\r\n\x00") && filepath.IsLocal(filepath.FromSlash(name)) && name == filepath.ToSlash(filepath.Clean(filepath.FromSlash(name))) && name != "." && name != File
}

// text is the inverse of Parse.
func (l List) text() []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(l)) {
		for _, sum := range l[name] {
			fmt.Fprintf(&b, "%s  %s\n", sum, name)
		}
	}
	return b.Bytes()
}

func (l List) save(dir string) error {
	return atomicfile.Write(filepath.Join(dir, File), func(w io.Writer) error {
		_, err := w.Write(l.text())
		return err
	})
}

// Check returns an error if the file called name has another checksum than those that
// are listed, or is not there. A file that is not listed is not checked.
func (l List) Check(dir, name string) error {
	known := l[name]
	if len(known) == 0 {
		return nil
	}
	sum, err := of(dir, name)
	if err == nil && !slices.Contains(known, sum) {
		err = errors.Errorf("%s: checksum is not that in %s: the file is damaged, or of another run, or changed by hand (remove its line there to use it all the same)",
			filepath.Join(dir, filepath.FromSlash(name)), File)
	}
	return err
}

// of returns the checksum of a file.
func of(dir, name string) (string, error) {
	f, err := datafile.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return "", errors.WithStack(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", errors.WithStack(err)
	}
	if info.Size() > maxFile {
		return "", errors.Errorf("%q must have at most %d bytes, got %d", f.Name(), int64(maxFile), info.Size())
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", errors.WithStack(err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Write replaces the file called name by what write writes, and its checksum. It is for
// one process at a time.
func Write(dir, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	l, err := Read(dir)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	now := hex.EncodeToString(sum[:])
	if old, err := of(dir, name); err == nil && old != now && slices.Contains(l[name], old) {
		l[name] = []string{old, now}
	} else {
		l[name] = []string{now}
	}
	if err := l.save(dir); err != nil {
		return err
	}
	err = atomicfile.Write(filepath.Join(dir, filepath.FromSlash(name)), func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return err
	})
	if err != nil {
		return err
	}
	if len(l[name]) == 1 {
		return nil
	}
	l[name] = []string{now}
	return l.save(dir)
}

// Keep lists files as they are now; those that are not there are left out.
func Keep(dir string, names ...string) error {
	l, err := Read(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		sum, err := of(dir, name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			delete(l, name)
		case err != nil:
			return err
		default:
			l[name] = []string{sum}
		}
	}
	return l.save(dir)
}

// Forget takes files off the list, before they are changed.
func Forget(dir string, which func(name string) bool) error {
	l, err := Read(dir)
	if err != nil {
		return err
	}
	before := len(l)
	maps.DeleteFunc(l, func(name string, _ []string) bool { return which(name) })
	if len(l) == before {
		return nil
	}
	return l.save(dir)
}
