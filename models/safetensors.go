package models

import (
	"io"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
)

// A SaveOption changes a default of [Model.Save] and [Model.WriteSafetensors].
type SaveOption func(*saver)

type saver struct{ typ tensorfile.Type }

// AsF16 writes the numbers in 16 bits, as IEEE 754 binary16, rounded to nearest
// even: half the size, 11 significant bits, up to 65504. A larger number is an
// error, and so is a model of float64.
func AsF16() SaveOption { return func(s *saver) { s.typ = tensorfile.F16 } }

// AsBF16 writes the numbers as bfloat16, rounded to nearest even: half the
// size, 8 significant bits and the range of float32. A number that would become
// infinite is an error, and so is a model of float64.
func AsBF16() SaveOption { return func(s *saver) { s.typ = tensorfile.BF16 } }

// Save replaces the file at path by one that [Model.WriteSafetensors] writes. A
// crash leaves either the old file or the new one.
func (m *Model) Save(path string, opts ...SaveOption) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return m.WriteSafetensors(w, opts...) })
	return errors.Wrap(err, "models: Save")
}

// WriteSafetensors writes [Model.Weights] in the safetensors format. For
//
//	net := models.Sequential{models.Linear(784, 64), models.ReLU(), models.Linear(64, 10)}
//
// it writes what torch.nn.Sequential(nn.Linear(784, 64), nn.ReLU(),
// nn.Linear(64, 10)) accepts in load_state_dict. Running statistics of
// BatchNorm1d and BatchNorm2d are included, without num_batches_tracked, which
// PyTorch does not require. A tied decoder is stored once, as embedding.weight.
//
// The file has its own checksum, which [Model.ReadSafetensors] checks.
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
