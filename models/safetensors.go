package models

import (
	"io"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
)

// Save replaces the file at path by one that WriteSafetensors writes. A crash
// leaves the old file or the new one.
func (m *Model) Save(path string) error {
	return errors.Wrap(atomicfile.Write(path, m.WriteSafetensors), "models: Save")
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
func (m *Model) WriteSafetensors(w io.Writer) error {
	weights, err := m.Weights()
	if err == nil {
		err = tensorfile.WriteWeights(w, weights, nil, nil)
	}
	return errors.Wrap(err, "models: WriteSafetensors")
}
