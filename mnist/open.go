package mnist

import (
	"io/fs"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// The canonical names, to which .gz may be added.
const (
	trainImages = "train-images-idx3-ubyte"
	trainLabels = "train-labels-idx1-ubyte"
	testImages  = "t10k-images-idx3-ubyte"
	testLabels  = "t10k-labels-idx1-ubyte"
)

// Open reads the training and the test set from the four files with MNIST's
// canonical names in the directory dir:
//
//	train-images-idx3-ubyte   train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte    t10k-labels-idx1-ubyte
//
// Each may also end in .gz; if both are present the one without is read. The
// content decides whether a file is treated as gzipped. If files are missing
// the error names them all, and [errors.Is] finds [fs.ErrNotExist]. Other
// errors are those of [Read], with the file's name; images of different sizes
// in the two sets; and a pipe, device or socket with one of these names.
func Open(dir string, opts ...Option) (train, test *Set, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, nil, errors.WithMessagef(datafile.Quoted(err), "mnist: Open: dir must be a directory, got %q", dir)
	}
	if !info.IsDir() {
		return nil, nil, errors.Errorf("mnist: Open: dir must be a directory, got the file %q", dir)
	}
	train, test, err = open(os.DirFS(dir), opts)
	return train, test, errors.WithMessagef(err, "mnist: Open: %q", dir)
}

// OpenFS is [Open] for the root of a file system, such as an embed.FS or a zip
// archive.
func OpenFS(fsys fs.FS, opts ...Option) (train, test *Set, err error) {
	if fsys == nil {
		return nil, nil, errors.New("mnist: OpenFS: file system must be set, got nil")
	}
	train, test, err = open(fsys, opts)
	return train, test, errors.WithMessage(err, "mnist: OpenFS")
}

func open(fsys fs.FS, opts []Option) (train, test *Set, err error) {
	cfg, err := configure(opts)
	if err != nil {
		return nil, nil, err
	}
	files, err := locate(fsys, trainImages, trainLabels, testImages, testLabels)
	if err != nil {
		return nil, nil, err
	}
	if train, err = readFiles(fsys, files[0], files[1], cfg); err != nil {
		return nil, nil, err
	}
	if test, err = readFiles(fsys, files[2], files[3], cfg); err != nil {
		return nil, nil, err
	}
	if train.Rows != test.Rows || train.Cols != test.Cols {
		return nil, nil, errors.Errorf("images must have one size, got %d x %d in %s and %d x %d in %s",
			train.Rows, train.Cols, files[0], test.Rows, test.Cols, files[2])
	}
	return train, test, nil
}

// locate returns each name as found in fsys, plain or with .gz.
func locate(fsys fs.FS, names ...string) ([]string, error) {
	var found, missing []string
	for _, name := range names {
		at := ""
		for _, candidate := range []string{name, name + ".gz"} {
			info, err := fs.Stat(fsys, candidate)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, errors.WithMessagef(datafile.Quoted(err), "%s must be readable", candidate)
			}
			// Some archives unpack to a directory with the file's name.
			if err == nil && !info.IsDir() {
				at = candidate
				break
			}
		}
		if at == "" {
			missing = append(missing, name)
		}
		found = append(found, at)
	}
	if len(missing) > 0 {
		return nil, errors.Wrapf(fs.ErrNotExist, "must have %d files, each plain or with .gz, found no %s",
			len(names), strings.Join(missing, ", no "))
	}
	return found, nil
}

func readFiles(fsys fs.FS, images, labels string, cfg config) (*Set, error) {
	i, err := datafile.OpenFS(fsys, images)
	if err != nil {
		return nil, errors.WithMessagef(err, "%s must be readable", images)
	}
	defer i.Close()
	l, err := datafile.OpenFS(fsys, labels)
	if err != nil {
		return nil, errors.WithMessagef(err, "%s must be readable", labels)
	}
	defer l.Close()
	return read(source{images, i}, source{labels, l}, cfg)
}
