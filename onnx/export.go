package onnx

import (
	"io"
	"maps"
	"math"
	"slices"

	"github.com/pkg/errors"
	"google.golang.org/protobuf/proto"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/building"
	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
	"github.com/gorgonia-dropout/dropout/models"
)

const (
	opset     = 17
	irVersion = 8 // the first with opset 17
)

// Options are the choices of [Export]. The zero value exports what predicts.
type Options struct {
	// Sample leaves dropout on, so that each run is a sample of Monte Carlo
	// dropout. The runtime draws the masks, so they are not those of this
	// module.
	Sample bool

	// Mean and Std, if set, standardize the inputs inside the network: each has
	// as many numbers as an example, or a divisor of that, as in
	// datasets.Standardization.
	Mean, Std []float32

	// OutputMean and OutputStd, if set, bring outputs that were standardized for
	// training back to their units: each has as many numbers as the outputs of an
	// example, or a divisor of that.
	OutputMean, OutputStd []float32

	// Softmax makes the outputs, logits with the class as last axis,
	// probabilities.
	Softmax bool

	// Input and Output are the names of the input and the output, by default
	// "input" and "output".
	Input, Output string

	// Metadata are further properties of the file, such as the names of classes.
	Metadata map[string]string
}

// Save replaces the file at path by one that [Export] writes. A crash leaves
// either the old file or the new one.
func Save(path string, m *models.Model, opts Options) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return Export(w, m, opts) })
	return errors.Wrap(err, "onnx: Save")
}

// Export writes a model as an ONNX file in opset 17. The first axis of the input
// and of the output is the batch, of any size; other axes, such as the time of
// sequences, have the model's. Everything is float32, ids of an embedding too:
// runtimes lack many ops of float64, and weights of such a model are rounded.
// Weights have the names, and those of linear layers the shapes, of
// [models.Model.Weights]. Recurrent weights have ONNX's order of gates.
//
// Layers of models can be exported in evaluation, except those that mix old
// and new states then (zoneout), and custom layers of ops that ONNX or this
// package does not know. With Sample the dropouts that zero and scale
// elements, channels, tokens or branches, and those of SELU networks, stay on;
// others are an error that names the op.
func Export(w io.Writer, m *models.Model, opts Options) error {
	file, err := fileOf(m, opts)
	if err != nil {
		return errors.WithMessage(err, "onnx: Export")
	}
	if size := proto.Size(file); size > math.MaxInt32 {
		return errors.Errorf("onnx: Export: file must be at most 2 GiB, got %d bytes", size)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(file)
	if err == nil {
		_, err = w.Write(data)
	}
	return errors.Wrap(err, "onnx: Export")
}

// fileOf returns the message of a file.
func fileOf(m *models.Model, opts Options) (*onnxpb.ModelProto, error) {
	if m == nil {
		return nil, errors.New("model must be set, got nil")
	}
	mode := models.Eval
	if opts.Sample {
		mode = models.Sample
	}
	// With two examples it shows whether the output has one row for each.
	const batch = 2
	g, err := m.Build(mode, batch)
	if err != nil {
		return nil, err
	}
	e := newExporter(m, g)
	err = m.View(func() error {
		return building.Exclusively(func() error { return e.network(opts) })
	})
	if err != nil {
		return nil, err
	}
	file := &onnxpb.ModelProto{
		IrVersion:    irVersion,
		ProducerName: "github.com/gorgonia-dropout/dropout",
		OpsetImport:  []*onnxpb.OperatorSetIdProto{{Version: opset}},
		Graph:        e.graph,
	}
	for _, key := range slices.Sorted(maps.Keys(opts.Metadata)) {
		file.MetadataProps = append(file.MetadataProps, &onnxpb.StringStringEntryProto{Key: key, Value: opts.Metadata[key]})
	}
	return file, nil
}

// network adds everything from the input to the output.
func (e *exporter) network(opts Options) error {
	input, output := opts.Input, opts.Output
	if input == "" {
		input = "input"
	}
	if output == "" {
		output = "output"
	}
	if input == output || e.taken[input] || e.taken[output] {
		return errors.Errorf("Input and Output must be names that nothing else has, got %q and %q", input, output)
	}
	e.taken[input], e.taken[output] = true, true
	e.graph.Name = "network"
	e.graph.Input = []*onnxpb.ValueInfoProto{valueInfo(input, "batch", e.in.Input.Shape()[1:])}
	x, err := e.scaled(input, "Mean", "Std", e.in.Input.Shape()[1:], opts.Mean, opts.Std, false)
	if err != nil {
		return err
	}
	e.values[e.in.Input.ID()] = x
	y, err := e.value(e.in.Output)
	if err != nil {
		return err
	}
	if opts.Softmax {
		y = e.emit("Softmax", []string{y}, integer("axis", -1))
	}
	// The reverse of a standardization: the deviation first.
	if y, err = e.scaled(y, "OutputMean", "OutputStd", e.in.Output.Shape()[1:], opts.OutputMean, opts.OutputStd, true); err != nil {
		return err
	}
	// The name of the output is the user's.
	e.graph.Node = append(e.graph.Node, &onnxpb.NodeProto{OpType: "Identity", Name: "output", Input: []string{y}, Output: []string{output}})
	rows, shape := "batch", e.in.Output.Shape()
	if shape[0] != e.in.Input.Shape()[0] {
		rows = "rows"
	}
	e.graph.Output = []*onnxpb.ValueInfoProto{valueInfo(output, rows, shape[1:])}
	return nil
}

// scaled standardizes x, whose examples have a shape, or undoes that. The names are
// those of the options.
func (e *exporter) scaled(x, meanName, stdName string, shape tensor.Shape, mean, std []float32, undo bool) (string, error) {
	if len(mean) == 0 && len(std) == 0 {
		return x, nil
	}
	size := shape.TotalSize()
	if len(mean) == 0 || len(mean) != len(std) || size%len(mean) != 0 {
		return "", errors.Errorf("%s and %s must have as many numbers as an example, %d, or a divisor of that, got %d and %d", meanName, stdName, size, len(mean), len(std))
	}
	for i := range mean {
		if !finite(mean[i]) || !finite(std[i]) || !(std[i] > 0) {
			return "", errors.Errorf("%s must be finite and %s positive, got %v and %v at %d", meanName, stdName, mean[i], std[i], i)
		}
	}
	repeat := func(numbers []float32) []float64 {
		each := size / len(numbers)
		all := make([]float64, size)
		for i := range all {
			all[i] = float64(numbers[i/each])
		}
		return all
	}
	means, stds := e.floats("mean", shape, repeat(mean)), e.floats("std", shape, repeat(std))
	if undo {
		return e.emit("Add", []string{e.emit("Mul", []string{x, stds}), means}), nil
	}
	return e.emit("Div", []string{e.emit("Sub", []string{x, means}), stds}), nil
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// valueInfo describes an input or output: a first axis of any size, and shape.
func valueInfo(name, first string, shape tensor.Shape) *onnxpb.ValueInfoProto {
	dims := []*onnxpb.TensorShapeProto_Dimension{{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: first}}}
	for _, d := range shape {
		dims = append(dims, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}})
	}
	return &onnxpb.ValueInfoProto{Name: name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{
		ElemType: int32(onnxpb.TensorProto_FLOAT), Shape: &onnxpb.TensorShapeProto{Dim: dims},
	}}}}
}
