package sums

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pkg/errors"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func check(t *testing.T, dir, name string) error {
	t.Helper()
	l, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l.Check(dir, name)
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := check(t, dir, "a"); err != nil {
		t.Errorf("what is not listed is not checked, got %v", err)
	}
	for _, s := range []string{"one", "two", "two"} {
		if err := Write(dir, "a", text(s)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(got) != s {
			t.Fatalf("want %s, got %q, %v", s, got, err)
		}
		if l, err := Read(dir); err != nil || len(l["a"]) != 1 || check(t, dir, "a") != nil {
			t.Errorf("want one checksum that is right, got %v, %v, %v", l, err, check(t, dir, "a"))
		}
	}
	if program, err := exec.LookPath("sha256sum"); err == nil {
		c := exec.Command(program, "--check", "--strict", File)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	// Each flipped bit of the file or of the list is noticed.
	for _, name := range []string{"a", File} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 * len(good) {
			bad := bytes.Clone(good)
			bad[i/8] ^= 1 << (i % 8)
			if err := os.WriteFile(path, bad, 0o666); err != nil {
				t.Fatal(err)
			}
			l, err := Read(dir)
			if err == nil && len(l["a"]) > 0 {
				err = l.Check(dir, "a")
			} else if err == nil {
				err = errors.New("a is not listed any more") // for verify to say
			}
			if err == nil {
				t.Errorf("%s: bit %d was not noticed", name, i)
			}
		}
		if err := os.WriteFile(path, good, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	if err := check(t, dir, "a"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want the missing file, got %v", err)
	}
}

// A crash between any two steps of Write leaves a file that agrees with the list.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, "a", text("old")); err != nil {
		t.Fatal(err)
	}
	l, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := Write(other, "a", text("new")); err != nil {
		t.Fatal(err)
	}
	next, err := Read(other)
	if err != nil {
		t.Fatal(err)
	}
	l["a"] = append(l["a"], next["a"]...)
	if err := l.save(dir); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"old", "new"} {
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := check(t, dir, "a"); err != nil {
			t.Error(err)
		}
		if err := Write(dir, "a", text("newest")); err != nil {
			t.Fatal(err)
		}
		if now, err := Read(dir); err != nil || len(now["a"]) != 1 {
			t.Errorf("want one checksum, got %v, %v", now, err)
		}
		if err := l.save(dir); err != nil {
			t.Fatal(err)
		}
	}
	// What cannot be written changes nothing.
	if err := Write(dir, "a", func(io.Writer) error { return errors.New("no") }); err == nil {
		t.Error("want the error of the writer")
	}
}

func TestKeepAndForget(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "runs/b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := Keep(dir, "a", "runs/b", "c"); err != nil {
		t.Fatal(err)
	}
	if l, err := Read(dir); err != nil || len(l) != 2 {
		t.Errorf("want two files, got %v, %v", l, err)
	}
	if err := Forget(dir, func(name string) bool { return strings.HasPrefix(name, "runs/") }); err != nil {
		t.Fatal(err)
	}
	if l, err := Read(dir); err != nil || len(l) != 1 || len(l["a"]) != 1 {
		t.Errorf("want a, got %v, %v", l, err)
	}
}

func TestParseErrors(t *testing.T) {
	sum := strings.Repeat("0", 64)
	for _, bad := range []string{
		"x\n", sum, sum + "  a", sum + " a\n", sum + "  \n", sum + "  ../a\n", sum + "  /a\n", sum + "  a/../b\n", sum + "  .\n", sum + "  a\x00\n",
		strings.ToUpper("a"+sum[1:]) + "  a\n", sum + "  a\n\n", sum + "  " + File + "\n", sum + "  a\\b\n", sum + "  \xff\n", "\n",
	} {
		if l, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q: want an error, got %v", bad, l)
		}
	}
	if _, err := Parse(make([]byte, maxSize+1)); err == nil {
		t.Error("want an error of the size")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(strings.Repeat("0", 64) + "  a/b c\n" + strings.Repeat("1", 64) + "  a/b c\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Parse(l.text())
		if err != nil || string(again.text()) != string(l.text()) {
			t.Errorf("%q: %v, %v", data, again, err)
		}
		for name := range l {
			if !filepath.IsLocal(filepath.FromSlash(name)) {
				t.Errorf("%q is outside of the directory", name)
			}
		}
	})
}
