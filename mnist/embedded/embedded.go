// Package embedded embeds the MNIST database of handwritten digits in a
// program: the four files as published, 11 MB gzipped. Import it to have the
// data without a download, or only package mnist to read your own files.
//
// MNIST was made by Yann LeCun (Courant Institute, NYU), Corinna Cortes (Google
// Labs, New York) and Christopher J.C. Burges (Microsoft Research, Redmond)
// from NIST's Special Databases 1 and 3. It is available under the Creative
// Commons Attribution-Share Alike 3.0 licence, which a program that embeds the
// files must respect; see README.md beside this file.
package embedded

import (
	"embed"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/mnist"
)

//go:embed *.gz
var files embed.FS

// Load unpacks the 60,000 training and the 10,000 test examples: images of 28
// by 28 pixels in 10 classes. Each call returns new Sets, 55 MB in all, so a
// program should call it once and pass them on.
func Load() (train, test *mnist.Set, err error) {
	train, test, err = mnist.OpenFS(files)
	return train, test, errors.WithMessage(err, "embedded: Load")
}
