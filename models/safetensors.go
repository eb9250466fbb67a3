package models

import (
	"io"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
)

// A SaveOption sets something about Save and WriteSafetensors that has a default.
type SaveOption func(*saver)

type saver struct{ typ tensorfile.Type }

// AsF16 writes the numbers in 16 bits of IEEE 754 binary16, rounded to nearest even:
// half the size, 11 significant bits, up to 65504. It is an error if a number is larger,
// or if the model is of float64.
func AsF16() SaveOption { return func(s *saver) { s.typ = tensorfile.F16 } }

// AsBF16 writes the numbers as bfloat16, rounded to nearest even: half the size, 8
// significant bits and the range of float32. It is an error if a number would become
// infinite, or if the model is of float64.
func AsBF16() SaveOption { return func(s *saver) { s.typ = tensorfile.BF16 } }

// Save replaces the file at path by one that WriteSafetensors writes. A crash
// leaves the old file or the new one.
func (m *Model) Save(path string, opts ...SaveOption) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return m.WriteSafetensors(w, opts...) })
	return errors.Wrap(err, "models: Save")
}

// WriteSafetensors writes the Weights in the safetensors format.
//
//	net := models.Sequential{models.Linear(784, 64), models.ReLU(), models.Linear(64, 10)}
//
// writes what torch.nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
// takes in load_state_dict. The running statistics of BatchNorm1d and BatchNorm2d
// are there without num_batches_tracked, which PyTorch does not ask for. A decoder
// that is tied is there once, as embedding.weight.
//
// The file has a checksum of its own, which ReadSafetensors checks.
func (m *Model) WriteSafetensors(w io.Writer, opts ...SaveOption) error {
	var s saver
	for _, opt := range opts {
		opt(&s)
	}
	weights, err := m.Weights()
	if err == nil {
		err = tensorfile.WriteWeightsAs(w, weights, nil, nil, s.typ)
	}
	return errors.Wrap(err, "models: WriteSafetensors")
}
