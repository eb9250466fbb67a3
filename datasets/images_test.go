package datasets_test

import (
	"archive/zip"
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/training"
)

var _ training.Dataset = (*datasets.Images)(nil)

func encodePNG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plain is an image of one colour.
func plain(width, height int, c color.Color) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		m.Set(i%width, i/width, c)
	}
	return m
}

func file(b []byte) *fstest.MapFile { return &fstest.MapFile{Data: b} }

func TestImageFolder(t *testing.T) {
	red, blue := color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 255, 255}
	fsys := fstest.MapFS{
		"dog/b.JPG":     file(encodeJPEG(t, plain(9, 5, blue))),
		"cat/2.png":     file(encodePNG(t, plain(2, 2, color.NRGBA{0, 255, 0, 51}))),
		"cat/1.png":     file(encodePNG(t, plain(3, 7, red))),
		"cat/notes.txt": file([]byte("not an image")),
		"cat/.x.png":    file([]byte("hidden")),
		".git/x.png":    file([]byte("hidden")),
		"README.md":     file([]byte("not a class")),
	}
	m, err := datasets.ImageFolder{Height: 2, Width: 3}.OpenFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Classes, []string{"cat", "dog"}) || !slices.Equal(m.Y, []int{0, 0, 1}) ||
		!slices.Equal(m.Files, []string{"cat/1.png", "cat/2.png", "dog/b.JPG"}) || !slices.Equal(m.Shape, []int{3, 2, 3}) {
		t.Errorf("got %v, %v, %v, %v", m.Classes, m.Y, m.Files, m.Shape)
	}
	want := make([]float32, 3*18)
	for i := range 6 {
		want[i] = 1                                           // red
		want[18+i], want[18+6+i], want[18+12+i] = 0.8, 1, 0.8 // a fifth of green over white
		want[36+12+i] = 1                                     // blue
	}
	for i, x := range m.X {
		if d := x - want[i]; d > 0.01 || d < -0.01 {
			t.Fatalf("values: got %v, want %v", m.X, want)
		}
	}
	m, err = datasets.ImageFolder{Height: 1, Width: 1, Gray: true, Classes: []string{"dog", "cat"}}.OpenFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if !near(m.X[:2], []float32{0.299, 0.8 + 0.587*0.2}) || !slices.Equal(m.Y, []int{1, 1, 0}) || !slices.Equal(m.Shape, []int{1, 1, 1}) {
		t.Errorf("gray: got %v, %v, %v", m.X, m.Y, m.Shape)
	}
}

// An image of the size asked for is kept to the last level, also of 16 bits; a
// smaller one averages the pixels that fall together.
func TestImageFolderScales(t *testing.T) {
	m := image.NewGray16(image.Rect(0, 0, 8, 8))
	var mean float32
	for i := range 64 {
		v := uint16(i * 1039)
		m.SetGray16(i%8, i/8, color.Gray16{v})
		mean += float32(v) / 0xffff / 64
	}
	fsys := fstest.MapFS{"a/1.png": file(encodePNG(t, m))}
	same, err := datasets.ImageFolder{Height: 8, Width: 8}.OpenFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 64 {
		if want := float32(i*1039) / 0xffff; same.X[i] != want || same.X[64+i] != want {
			t.Fatalf("pixel %d: got %v, want %v", i, same.X[i], want)
		}
	}
	one, err := datasets.ImageFolder{Height: 1, Width: 1, Gray: true}.OpenFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if d := one.X[0] - mean; d > 0.01 || d < -0.01 {
		t.Errorf("one pixel: got %v, want the mean %v", one.X[0], mean)
	}
}

func TestImageFolderRejects(t *testing.T) {
	whole := encodePNG(t, plain(20, 20, color.White))
	photo := encodeJPEG(t, plain(20, 20, color.White))
	huge := bytes.Clone(whole)
	copy(huge[16:], []byte{0x7f, 0xff, 0xff, 0xff}) // the width
	for _, tt := range []struct {
		f    datasets.ImageFolder
		fsys fs.FS
		want string
	}{
		{datasets.ImageFolder{Height: 4}, fstest.MapFS{}, "Height and Width must be in [1, 4096], got 4 and 0"},
		{datasets.ImageFolder{Height: 1 << 20, Width: 1 << 20}, fstest.MapFS{}, "Height and Width must be in [1, 4096], got 1048576 and 1048576"},
		{datasets.ImageFolder{Height: 4, Width: 4}, fstest.MapFS{"1.png": file(whole)}, "must have a folder of images for each class, got none"},
		{datasets.ImageFolder{Height: 4, Width: 4}, fstest.MapFS{"a/1.txt": file(whole)}, `class "a" must have a PNG, JPEG, GIF, BMP, TIFF or WebP image, got none`},
		{datasets.ImageFolder{Height: 4, Width: 4}, fstest.MapFS{"a/1.png": file(nil)}, `"a/1.png": must be a PNG, JPEG, GIF, BMP, TIFF or WebP image`},
		{datasets.ImageFolder{Height: 4, Width: 4}, fstest.MapFS{"a/0.png": file(whole), "a/1.png": file([]byte("hello"))}, `"a/1.png": must be a PNG, JPEG, GIF, BMP, TIFF or WebP image`},
		{datasets.ImageFolder{Height: 4, Width: 4}, fstest.MapFS{"a/1.png": file(whole[:len(whole)-30])}, `"a/1.png": the image, a PNG of 20 x 20, is damaged`},
		{datasets.ImageFolder{Height: 4, Width: 4}, fstest.MapFS{"a/1.jpg": file(photo[:len(photo)/2])}, `"a/1.jpg": must be a PNG, JPEG, GIF, BMP, TIFF or WebP image: unexpected EOF`},
		{datasets.ImageFolder{Height: 4, Width: 4}, fstest.MapFS{"a/1.png": file(huge)}, `"a/1.png": must be a PNG, JPEG, GIF, BMP, TIFF or WebP image: png: invalid format: invalid checksum`},
		{datasets.ImageFolder{Height: 4, Width: 4, Classes: []string{"b"}}, fstest.MapFS{"a/1.png": file(whole)}, `folder of a class: must be one of ["b"], got "a"`},
		{datasets.ImageFolder{Height: 4, Width: 4, Classes: []string{"b", "b"}}, fstest.MapFS{"a/1.png": file(whole)}, `Classes must differ`},
	} {
		m, err := tt.f.OpenFS(tt.fsys)
		if err == nil || !strings.HasPrefix(err.Error(), "datasets: ImageFolder: OpenFS: "+tt.want) || m != nil {
			t.Errorf("want error %q, got %v, %v", tt.want, m, err)
		}
	}
}

func TestImageFolderOpen(t *testing.T) {
	dir := t.TempDir()
	f := datasets.ImageFolder{Height: 2, Width: 2}
	if _, err := f.Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want fs.ErrNotExist, got %v", err)
	}
	path := filepath.Join(dir, "a", "1.png")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, encodePNG(t, plain(2, 2, color.White)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(path); err == nil || !strings.Contains(err.Error(), "must be a folder, got a regular file") {
		t.Errorf("got %v", err)
	}
	if m, err := f.Open(dir); err != nil || m.Len() != 1 || m.X[0] != 1 {
		t.Errorf("got %v, %v", m, err)
	}
	// An archive serves as well.
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := f.OpenFS(r); err != nil || m.Len() != 1 {
		t.Errorf("zip: got %v, %v", m, err)
	}
}

// Whatever the bytes, an image is an error or numbers in [0, 1].
func FuzzImageFolder(f *testing.F) {
	f.Add(encodePNG(f, plain(3, 2, color.NRGBA{1, 2, 3, 4})))
	f.Add(encodeJPEG(f, plain(3, 2, color.White)))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		// Images that are merely large take long.
		if c, _, err := image.DecodeConfig(bytes.NewReader(b)); err == nil && c.Width*c.Height > 1<<16 {
			return
		}
		m, err := datasets.ImageFolder{Height: 3, Width: 2}.OpenFS(fstest.MapFS{"a/1.png": file(b)})
		if err != nil {
			return
		}
		if len(m.X) != 18 || len(m.Y) != 1 || slices.Min(m.X) < 0 || slices.Max(m.X) > 1 {
			t.Fatalf("got %+v", m)
		}
	})
}
