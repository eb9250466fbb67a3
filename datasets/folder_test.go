package datasets_test

import (
	"image/color"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgonia-dropout/dropout/datasets"
)

// Links to folders and images are followed, and folders in the folder of a class are
// read: none of their images is missed.
func TestImageFolderFollows(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	data := encodePNG(t, plain(2, 2, color.White))
	for _, path := range []string{
		filepath.Join(dir, "cat", "2.png"), filepath.Join(dir, "cat", "10", "1.png"), filepath.Join(dir, "cat", "10", ".x", "1.png"),
		filepath.Join(elsewhere, "dogs", "1.png"), filepath.Join(elsewhere, "3.png"),
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"dog": "dogs", "cat/3.png": "3.png", "not-a-class": "3.png"} {
		if err := os.Symlink(filepath.Join(elsewhere, to), filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Skip(err)
		}
	}
	f := datasets.ImageFolder{Height: 1, Width: 1}
	m, err := f.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Classes, []string{"cat", "dog"}) || !slices.Equal(m.Y, []int{0, 0, 0, 1}) ||
		!slices.Equal(m.Files, []string{"cat/10/1.png", "cat/2.png", "cat/3.png", "dog/1.png"}) {
		t.Errorf("got %v, %v, %v", m.Classes, m.Y, m.Files)
	}

	if err := os.Symlink(filepath.Join(elsewhere, "nothing"), filepath.Join(dir, "bird")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(dir); err == nil || !strings.Contains(err.Error(), `"bird": no such file`) {
		t.Errorf("a link to nothing: got %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "bird")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "cat", "all")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(dir); err == nil || !strings.Contains(err.Error(), "folders of a class must be at most 16 deep, got ") {
		t.Errorf("a circle: got %v", err)
	}
}

func TestImageFolderMissesNothing(t *testing.T) {
	whole := file(encodePNG(t, plain(2, 2, color.White)))
	for _, tt := range []struct {
		classes []string
		fsys    fs.FS
		want    string
	}{
		{[]string{"a", "b"}, fstest.MapFS{"a/1.png": whole}, `class "b" of Classes must have a folder of images, got none`},
		{[]string{"a", "b"}, fstest.MapFS{"a/1.png": whole, "b/x.txt": whole}, `class "b" must have a PNG, JPEG, GIF, BMP, TIFF or WebP image, got none`},
		{nil, fstest.MapFS{"a/1.png": whole, "b/c/d/.x": whole}, `class "b" must have a`},
		{nil, fstest.MapFS{"a/1.png": whole, "a/b/2.HEIC": whole}, `"a/b/2.HEIC" must be a PNG, JPEG, GIF, BMP, TIFF or WebP image: convert or remove it`},
		{nil, fstest.MapFS{"a/1.png": whole, "a/2.png": {Mode: fs.ModeNamedPipe}}, `"a/2.png" must be a regular file, got a pipe`},
		{nil, fstest.MapFS{"a\x1b[1m/\n.png": file(nil)}, `"a\x1b[1m/\n.png": must be a PNG`},
		{nil, fstest.MapFS{"a\x1b[1m/x": file(nil)}, `class "a\x1b[1m" must have`},
		{[]string{"a"}, fstest.MapFS{"\x00\n/1.png": whole}, `folder of a class: must be one of ["a"], got "\x00\n"`},
		{nil, nil, "file system must be set, got nil"},
	} {
		m, err := datasets.ImageFolder{Height: 1, Width: 1, Classes: tt.classes}.OpenFS(tt.fsys)
		if err == nil || !strings.HasPrefix(err.Error(), "datasets: ImageFolder: OpenFS: "+tt.want) || m != nil {
			t.Errorf("want error %q, got %v, %v", tt.want, m, err)
		}
	}
}
