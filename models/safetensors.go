package models

import (
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/graph"
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

// WriteSafetensors writes the parameters and states in the safetensors format,
// with the names and shapes that PyTorch's state_dict gives to the same network:
// matrices that multiply inputs from the right, (inputs, outputs) here, are
// transposed. Everything else is as it is: convolutions, embeddings and the
// weights of LSTM and GRU.
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
	turned, err := m.transposed()
	if err != nil {
		return errors.Wrap(err, "models: WriteSafetensors")
	}
	tensors := make(map[string]*tensor.Dense, len(m.byName))
	// Copied, so that training need not wait for the writer.
	_ = m.View(func() error {
		for name, p := range m.byName {
			if turned[name] {
				tensors[name] = transpose(p.value)
			} else {
				tensors[name] = p.value.Clone().(*tensor.Dense)
			}
		}
		return nil
	})
	err = tensorfile.Write(w, tensors, map[string]string{"format": "pt"})
	return errors.Wrap(err, "models: WriteSafetensors")
}

// ReadSafetensors sets the parameters and states to those of a file such as
// WriteSafetensors writes, or as PyTorch's safetensors writes for the same network.
// It is an error if the file is damaged, or if its tensors do not have the names,
// shapes and type of the model's, all of them and no others; nothing is changed
// then. num_batches_tracked, which is of integers, must be left out of the file.
func (m *Model) ReadSafetensors(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return errors.Wrap(err, "models: ReadSafetensors")
	}
	tensors, _, err := tensorfile.Read(data)
	if err != nil {
		return errors.Wrap(err, "models: ReadSafetensors")
	}
	turned, err := m.transposed()
	if err != nil {
		return errors.Wrap(err, "models: ReadSafetensors")
	}
	for _, name := range slices.Sorted(maps.Keys(m.byName)) {
		p, from := m.byName[name], tensors[name]
		want := p.value.Shape().Clone()
		if turned[name] {
			slices.Reverse(want)
		}
		switch {
		case from == nil:
			return errors.Errorf("models: ReadSafetensors: file must have the model's tensor %s, got none", name)
		case !from.Shape().Eq(want) || from.Dtype() != p.value.Dtype():
			return errors.Errorf("models: ReadSafetensors: tensor %s must be of %v and shape %v, got %v %v",
				name, p.value.Dtype(), want, from.Dtype(), from.Shape())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if m.byName[name] == nil {
			return errors.Errorf("models: ReadSafetensors: file must have the model's tensors only, got %s", name)
		}
	}
	return m.Update(func() error {
		for name, p := range m.byName {
			from := tensors[name]
			if turned[name] {
				from = transpose(from)
			}
			// Their sizes and types are alike, so that it cannot fail.
			if p.value.Dtype() == tensor.Float32 {
				copy(p.value.Float32s(), from.Float32s())
			} else {
				copy(p.value.Float64s(), from.Float64s())
			}
		}
		return nil
	})
}

// transposed returns the names of the matrices that are stored (inputs, outputs):
// the right factors of products in the graph for evaluation.
func (m *Model) transposed() (map[string]bool, error) {
	g, err := m.Build(Eval, 1)
	if err != nil {
		return nil, err
	}
	names := make(map[int64]string)
	for p, n := range g.params {
		names[n.ID()] = p.name
	}
	turned := make(map[string]bool)
	for _, n := range g.AllNodes() {
		// gorgonia.Mul is there under WithPlainOps.
		if op := n.Op(); op == nil || !strings.HasPrefix(op.String(), "Dense{") && op.String() != "A × B" {
			continue
		}
		in := graph.NodesOf(g.From(n.ID()))
		if name, ok := names[in[1].ID()]; ok {
			turned[name] = true
		}
	}
	return turned, nil
}

// transpose returns the transpose of a matrix, in memory of its own.
func transpose(d *tensor.Dense) *tensor.Dense {
	rows, cols := d.Shape()[0], d.Shape()[1]
	if d.Dtype() == tensor.Float32 {
		return tensor.New(tensor.WithShape(cols, rows), tensor.WithBacking(transposedData(d.Float32s(), rows, cols)))
	}
	return tensor.New(tensor.WithShape(cols, rows), tensor.WithBacking(transposedData(d.Float64s(), rows, cols)))
}

func transposedData[F float32 | float64](x []F, rows, cols int) []F {
	y := make([]F, len(x))
	for r := range rows {
		for c := range cols {
			y[c*rows+r] = x[r*cols+c]
		}
	}
	return y
}
