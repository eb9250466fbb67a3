package mnist

import (
	"io"

	"github.com/pkg/errors"
)

// Option changes how [Read], [Open] and [OpenFS] read.
type Option func(*config)

type config struct {
	classes int
}

// Classes sets the number of classes, from 1 to [MaxClasses]; the default is
// 10, as in MNIST, Fashion-MNIST and KMNIST. EMNIST needs 62 for byclass, 47
// for bymerge and balanced, 27 for letters (whose labels start at 1, so that
// class 0 stays empty).
func Classes(n int) Option {
	return func(c *config) { c.classes = n }
}

func configure(opts []Option) (config, error) {
	c := config{classes: 10}
	for i, opt := range opts {
		if opt == nil {
			return c, errors.Errorf("options must be set, got nil as number %d", i+1)
		}
		opt(&c)
	}
	if c.classes < 1 || c.classes > MaxClasses {
		return c, errors.Errorf("classes must be in [1, %d], got %d", MaxClasses, c.classes)
	}
	return c, nil
}

// Read reads a set from an IDX file of images (examples, rows, columns) and one
// of labels (examples), each plain or gzipped, as its first bytes tell. Both
// are read to their ends.
//
// These are errors: a magic number, type or rank other than that of images and
// labels; a dimension of zero, more than 4096 rows or columns, more than 2^30
// values; a file that ends too soon or too late; a damaged gzip stream, or
// anything after its single member; a label outside the classes (see
// [Classes]); different numbers of images and labels; and any error of a
// reader, which [errors.Is] then finds.
func Read(images, labels io.Reader, opts ...Option) (*Set, error) {
	cfg, err := configure(opts)
	if err != nil {
		return nil, errors.WithMessage(err, "mnist: Read")
	}
	s, err := read(source{"images", images}, source{"labels", labels}, cfg)
	return s, errors.WithMessage(err, "mnist: Read")
}

// source is a stream and its name in errors.
type source struct {
	name string
	io.Reader
}

func read(images, labels source, cfg config) (*Set, error) {
	// Labels first: they are small, and a mismatch then shows before the
	// pixels are unpacked.
	l, err := openIDX(labels.Reader, 1)
	if err != nil {
		return nil, errors.WithMessage(err, labels.name)
	}
	s := &Set{Classes: cfg.classes}
	if s.Labels, err = l.readValues(); err != nil {
		return nil, errors.WithMessage(err, labels.name)
	}
	if err := checkLabels(s.Labels, s.Classes); err != nil {
		return nil, errors.WithMessage(err, labels.name)
	}

	p, err := openIDX(images.Reader, 3)
	if err != nil {
		return nil, errors.WithMessage(err, images.name)
	}
	if p.dims[0] != len(s.Labels) {
		return nil, errors.Errorf("must have as many images in %s as labels in %s, got %d and %d",
			images.name, labels.name, p.dims[0], len(s.Labels))
	}
	s.Rows, s.Cols = p.dims[1], p.dims[2]
	if s.Pixels, err = p.readValues(); err != nil {
		return nil, errors.WithMessage(err, images.name)
	}
	return s, nil
}
