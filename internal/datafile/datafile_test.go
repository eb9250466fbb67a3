package datafile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a\x1b[1m\nb")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Skipf("names with control characters: %v", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	for _, p := range []string{path, link} {
		f, err := datafile.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got, err := io.ReadAll(f); err != nil || string(got) != "data" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	_, err := datafile.Open(path + "c")
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `a\x1b[1m\nbc"`) {
		t.Errorf("got %q", err)
	}
	if _, err := datafile.Open(dir); err == nil || !strings.HasSuffix(err.Error(), "must be a regular file, got a directory") {
		t.Errorf("got %v", err)
	}
	if _, err := datafile.Open(os.DevNull); err == nil || !strings.HasSuffix(err.Error(), "must be a regular file, got a device") {
		t.Errorf("got %v", err)
	}
}

func TestOpenFS(t *testing.T) {
	fsys := fstest.MapFS{
		"a/b":    {Data: []byte("data")},
		"pipe\n": {Mode: fs.ModeNamedPipe},
		"socket": {Mode: fs.ModeSocket},
		"odd":    {Mode: fs.ModeIrregular},
	}
	f, err := datafile.OpenFS(fsys, "a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]string{
		"a": `"a" must be a regular file, got a directory`, "pipe\n": `"pipe\n" must be a regular file, got a pipe`,
		"socket": "got a socket", "odd": "got a file of another kind", "none": `open "none": file does not exist`,
	} {
		if _, err := datafile.OpenFS(fsys, name); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", name, want, err)
		}
	}
}
