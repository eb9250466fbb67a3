package models

import (
	"io"
	"maps"
	"os"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/tensorfile"
)

// Save replaces the file at path by one that WriteSafetensors writes. A crash
// leaves the old file or the new one.
func (m *Model) Save(path string) error {
	return errors.Wrap(atomicfile.Write(path, m.WriteSafetensors), "models: Save")
}

// Load is ReadSafetensors of the file at path.
func (m *Model) Load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return errors.Wrap(err, "models: Load")
	}
	defer f.Close()
	return errors.Wrapf(m.ReadSafetensors(f), "models: Load: %s", path)
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

// ReadSafetensors sets the parameters and states to those of a file such as
// WriteSafetensors writes, or as PyTorch's safetensors writes for the same network;
// checkpoints of package training/checkpoint are such files, whose other state is
// left alone. It is an error if the file is damaged, of another format or layout, or
// if its tensors do not have the names, shapes and type of the model's, all of them
// and no others; nothing is changed then. num_batches_tracked, which is of integers,
// must be left out of the file.
func (m *Model) ReadSafetensors(r io.Reader) error {
	return errors.Wrap(m.readSafetensors(r), "models: ReadSafetensors")
}

func (m *Model) readSafetensors(r io.Reader) error {
	f, err := tensorfile.Open(r)
	if err != nil {
		return err
	}
	found, err := f.Weights()
	if err != nil {
		return err
	}
	// Names and shapes are compared before the data are read, however many.
	if err := m.fits(found); err != nil {
		return err
	}
	if err := f.Load(); err != nil {
		return err
	}
	weights := make(map[string]*tensor.Dense, len(found))
	for name, t := range found {
		if weights[name], err = t.Dense(m.dtype); err != nil {
			return errors.Wrapf(err, "tensor %s", name)
		}
	}
	return m.SetWeights(weights)
}

// fits returns an error unless the tensors of a file are the model's.
func (m *Model) fits(found map[string]*tensorfile.Tensor) error {
	shapes, err := m.shapes()
	if err != nil {
		return err
	}
	typ := tensorfile.F32
	if m.dtype == tensor.Float64 {
		typ = tensorfile.F64
	}
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		from, want := found[name], shapes[name]
		switch {
		case from == nil:
			return errors.Errorf("file must have the model's tensor %s, got none", name)
		case !slices.Equal(from.Shape, want) || from.Type != typ:
			return errors.Errorf("tensor %s must be of %v and shape %v, got %v %v", name, typ, want, from.Type, from.Shape)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if shapes[name] == nil {
			return errors.Errorf("file must have the model's tensors only, got %q", name)
		}
	}
	return nil
}
