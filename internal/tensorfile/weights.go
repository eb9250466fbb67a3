package tensorfile

import (
	"io"
	"maps"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Entries of the metadata of files of weights, and their values.
const (
	FormatKey     = "format"
	Format        = "pt" // PyTorch's layout, as Hugging Face's library calls it
	CheckpointKey = "checkpoint"
	Checkpoint    = "dropout checkpoint 2"
)

// WriteWeights writes the weights of a model in the layout of all files of
// weights: the names and shapes of PyTorch's state_dict, as Model.Weights of
// package models returns them, and a metadata entry that says so.
//
// state holds the tensors of a checkpoint that are not weights. Their names
// have a "/", which names of weights must not have, so that a reader can tell
// them apart.
func WriteWeights(w io.Writer, weights, state map[string]*tensor.Dense, metadata map[string]string) error {
	return WriteWeightsAs(w, weights, state, metadata, "")
}

// WriteWeightsAs is [WriteWeights] with the numbers as F16 or BF16, or
// unchanged if typ is "".
func WriteWeightsAs(w io.Writer, weights, state map[string]*tensor.Dense, metadata map[string]string, typ Type) error {
	all := make(map[string]*tensor.Dense, len(weights)+len(state))
	for name, d := range weights {
		if strings.Contains(name, "/") {
			return errors.Errorf("tensorfile: WriteWeights: name of weights must not have a \"/\", got %q", name)
		}
		all[name] = d
	}
	for name, d := range state {
		if !strings.Contains(name, "/") {
			return errors.Errorf("tensorfile: WriteWeights: name of other state must have a \"/\", got %q", name)
		}
		all[name] = d
	}
	meta := map[string]string{FormatKey: Format}
	maps.Copy(meta, metadata)
	return errors.WithMessage(write(w, all, meta, typ), "tensorfile: WriteWeights")
}

// Weights returns the tensors of f that are weights: those without a "/" in a
// checkpoint, and all in any other file. It is an error if the file names
// another layout than PyTorch's, or if an earlier version of this library wrote
// it in its own layout.
func (f *File) Weights() (map[string]*Tensor, error) {
	format, ok := f.Metadata[FormatKey]
	switch {
	case !ok && f.Checksum, strings.HasPrefix(format, "dropout checkpoint"):
		return nil, errors.Errorf("weights must be in the layout of %q, got a file of an earlier version of this library, whose matrices lie the other way round", Checkpoint)
	case ok && format != Format:
		return nil, errors.Errorf("weights must be in PyTorch's layout, format %q, got format %.40q", Format, format)
	}
	weights := maps.Clone(f.Tensors)
	switch c, ok := f.Metadata[CheckpointKey]; {
	case ok && c != Checkpoint && f.Checksum:
		return nil, errors.Errorf("checkpoint must be %q, got %.40q", Checkpoint, c)
	case ok && c == Checkpoint:
		maps.DeleteFunc(weights, func(name string, _ *Tensor) bool { return strings.Contains(name, "/") })
	}
	return weights, nil
}
