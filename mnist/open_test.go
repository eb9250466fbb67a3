package mnist

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// canonical returns the four files, by name, of two small sets.
func canonical() (files map[string][]byte, train, test *Set) {
	train = numbered([]uint8{0, 9, 3, 1}, 2, 3, 10)
	test = numbered([]uint8{7, 2}, 2, 3, 10)
	return map[string][]byte{
		trainImages: encodeImages(train),
		trainLabels: encodeLabels(train),
		testImages:  encodeImages(test),
		testLabels:  encodeLabels(test),
	}, train, test
}

func write(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpen(t *testing.T) {
	plain, train, test := canonical()
	gzipped := map[string][]byte{}
	mixed := map[string][]byte{}
	misnamed := map[string][]byte{}
	both := map[string][]byte{}
	for name, b := range plain {
		gzipped[name+".gz"] = zip(b)
		if strings.Contains(name, "images") {
			mixed[name+".gz"] = zip(b)
		} else {
			mixed[name] = b
		}
		misnamed[name] = zip(b)
		both[name] = b
		both[name+".gz"] = []byte("never read")
	}
	for name, files := range map[string]map[string][]byte{
		"plain": plain, "gzipped": gzipped, "mixed": mixed, "gzipped without .gz": misnamed, "both": both,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, files)
			gotTrain, gotTest, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(gotTrain, train) || !reflect.DeepEqual(gotTest, test) {
				t.Error("opened other sets than were written")
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(files map[string][]byte)
		opts   []Option
		want   []string
		absent []string
		is     error
	}{
		{
			name:   "one missing",
			change: func(f map[string][]byte) { delete(f, trainLabels) },
			want:   []string{"must have 4 files, each plain or with .gz, found no train-labels-idx1-ubyte: "},
			absent: []string{trainImages, testImages, testLabels},
			is:     fs.ErrNotExist,
		},
		{
			name:   "all missing",
			change: func(f map[string][]byte) { clear(f) },
			want:   []string{"no " + trainImages + ", no " + trainLabels + ", no " + testImages + ", no " + testLabels},
			is:     fs.ErrNotExist,
		},
		{
			name:   "damaged",
			change: func(f map[string][]byte) { f[testLabels] = f[testLabels][:9] },
			want:   []string{"t10k-labels-idx1-ubyte: must have 2 values, got 1: file truncated"},
		},
		{
			name:   "labels of the other set",
			change: func(f map[string][]byte) { f[testLabels] = f[trainLabels] },
			want:   []string{"must have as many images in t10k-images-idx3-ubyte as labels in t10k-labels-idx1-ubyte, got 2 and 4"},
		},
		{
			name:   "other size",
			change: func(f map[string][]byte) { f[testImages] = encodeImages(numbered([]uint8{7, 2}, 3, 2, 10)) },
			want:   []string{"images must have one size, got 2 x 3 in train-images-idx3-ubyte and 3 x 2 in t10k-images-idx3-ubyte"},
		},
		{
			name:   "classes",
			change: func(map[string][]byte) {},
			opts:   []Option{Classes(4)},
			want:   []string{"train-labels-idx1-ubyte: label of example 1 must be in [0, 3], got 9"},
		},
		{
			name:   "no classes",
			change: func(map[string][]byte) {},
			opts:   []Option{Classes(0)},
			want:   []string{"classes must be in [1, 256], got 0"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, _, _ := canonical()
			c.change(files)
			dir := t.TempDir()
			write(t, dir, files)
			train, test, err := Open(dir, c.opts...)
			wantError(t, err, append(c.want, "mnist: Open: ", dir)...)
			if train != nil || test != nil {
				t.Error("a Set beside the error")
			}
			for _, a := range c.absent {
				if err != nil && strings.Contains(err.Error(), a) {
					t.Errorf("error %q names %s, which is there", err, a)
				}
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v is not %v", err, c.is)
			}
		})
	}
}

func TestOpenNeedsADirectory(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "nowhere")
	_, _, err := Open(missing)
	wantError(t, err, "mnist: Open: dir must be a directory, got", "nowhere")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v is not %v", err, fs.ErrNotExist)
	}
	_, _, err = Open("")
	wantError(t, err, `mnist: Open: dir must be a directory, got ""`)

	file := filepath.Join(t.TempDir(), "data.zip")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err = Open(file)
	wantError(t, err, "mnist: Open: dir must be a directory, got the file", "data.zip")
}

// Some archives unpack to directories of the files' names.
func TestOpenFSPassesOverDirectories(t *testing.T) {
	files, train, _ := canonical()
	fsys := fstest.MapFS{}
	for name, b := range files {
		fsys[name+"/"+name] = &fstest.MapFile{Data: b}
	}
	_, _, err := OpenFS(fsys)
	wantError(t, err, "mnist: OpenFS: must have 4 files", trainImages)

	for name, b := range files {
		fsys[name+".gz"] = &fstest.MapFile{Data: zip(b)}
	}
	got, _, err := OpenFS(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, train) {
		t.Error("opened another set than was written")
	}
}

// sealed is a file system in which the file called name may not be opened.
type sealed struct {
	fstest.MapFS
	name string
	stat bool // it may not even be seen
}

func (s sealed) Open(name string) (fs.File, error) {
	if name == s.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return s.MapFS.Open(name)
}

func (s sealed) Stat(name string) (fs.FileInfo, error) {
	if s.stat && name == s.name {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
	}
	return s.MapFS.Stat(name)
}

// A file that is there but closed to us is not called missing.
func TestOpenFSWithoutPermission(t *testing.T) {
	files, _, _ := canonical()
	fsys := fstest.MapFS{}
	for name, b := range files {
		fsys[name] = &fstest.MapFile{Data: b}
	}
	for name := range files {
		for _, stat := range []bool{false, true} {
			_, _, err := OpenFS(sealed{fsys, name, stat})
			wantError(t, err, "mnist: OpenFS: "+name+" must be readable", "permission denied")
			if !errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("error %v is not only %v", err, fs.ErrPermission)
			}
		}
	}
}
