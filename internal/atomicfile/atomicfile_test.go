package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, s := range []string{"one", "two"} {
		if err := Write(path, text(s)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != s {
			t.Errorf("got %q, %v, want %q", got, err, s)
		}
	}
	failure := errors.New("disk full")
	err := Write(path, func(w io.Writer) error {
		io.WriteString(w, "half of thr")
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("want the error of the writer, got %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "two" {
		t.Errorf("a failed write left %q, want the old file", got)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("a failed write left %v", files)
	}
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	if err := Write(filepath.Join(dir, "missing", "a"), text("x")); err == nil {
		t.Error("a missing directory must be an error")
	}
	// A file that is closed in the middle, as a disk that goes away does.
	lost := filepath.Join(dir, "lost")
	err := Write(lost, func(w io.Writer) error { return w.(io.Closer).Close() })
	if !errors.Is(err, os.ErrClosed) {
		t.Errorf("want os.ErrClosed, got %v", err)
	}
	path := filepath.Join(dir, "full")
	if err := os.MkdirAll(filepath.Join(path, "inner"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, text("x")); err == nil {
		t.Error("a directory in the file's place must be an error")
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("a failed write left %v", files)
	}
}

// Clean removes what Write has left when its process was killed, and nothing else.
func TestClean(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.b")
	for range 2 {
		// A process that is killed here leaves the temporary file.
		var left string
		if err := Write(path, func(w io.Writer) error {
			left = w.(*os.File).Name()
			return os.Link(left, left[:len(left)-len(suffix)]+"0"+suffix)
		}); err != nil {
			t.Fatal(err)
		}
	}
	keep := []string{"a.b", "a.b.1.tmp", ".a.b.tmp", ".a.b..tmp", ".a.b.1x.tmp", ".a.b.1.tmp2", ".a.1.tmp", ".a.b.c.1.tmp"}
	for _, name := range keep[1:] {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != len(keep)+2 {
		t.Fatalf("want two temporary files, got %v", files)
	}
	if err := Clean(path, filepath.Join(dir, "none"), filepath.Join(dir, "missing", "a")); err != nil {
		t.Fatal(err)
	}
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if !slices.Contains(keep, f.Name()) {
			t.Errorf("%s is left", f.Name())
		}
	}
	if len(files) != len(keep) {
		t.Errorf("want %v, got %v", keep, files)
	}
	if err := Clean(filepath.Join(path, "x")); err == nil {
		t.Error("want an error where the directory is a file")
	}
}
