package onnx

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/formula"
	"github.com/gorgonia-dropout/dropout/internal/onnxpb"
)

// operator adds the op of n and returns the name of its output.
func (e *exporter) operator(n *gorgonia.Node, in []*gorgonia.Node) (string, error) {
	switch f := formula.Of(n).(type) {
	case formula.Dense:
		return e.dense(f, in)
	case formula.MatMul:
		return e.matMul(f, in)
	case formula.BatchNorm:
		return e.batchNorm(in)
	case formula.Attention:
		return e.attention(f, in[0])
	case formula.Recurrent:
		return e.recurrent(f, n, in)
	case formula.Embedding:
		return e.embedding(in)
	case formula.Positions:
		return e.positions(in)
	case formula.Dropout:
		x, err := e.value(in[0])
		if err != nil {
			return "", err
		}
		return e.dropout(f, x, in[0].Shape())
	case nil:
		return e.builtin(n, in)
	default:
		x, err := e.all(in...)
		if err != nil {
			return "", err
		}
		return e.plain(f, n, x)
	}
}

// plain adds an op whose inputs are all computed before it.
func (e *exporter) plain(f any, n *gorgonia.Node, x []string) (string, error) {
	switch f := f.(type) {
	case formula.Conv:
		attrs := window(f.Window)
		if f.Groups > 1 {
			attrs = append(attrs, integer("group", f.Groups))
		}
		return e.rectified(e.emit("Conv", x, attrs...), f.ReLU), nil
	case formula.MaxPool:
		return e.emit("MaxPool", x, window(f.Window)...), nil
	case formula.AvgPool:
		// Zeros of the padding count as elements. Before opset 19 there is no
		// dilation.
		if f.Dilation != [2]int{1, 1} {
			return "", errors.Errorf("AvgPool2d: dilation must be 1, got %v", f.Dilation)
		}
		attrs := append(window(f.Window)[:3:3], integer("count_include_pad", 1))
		return e.emit("AveragePool", x, attrs...), nil
	case formula.GlobalAvgPool:
		return e.emit("Flatten", []string{e.emit("GlobalAveragePool", x)}), nil
	case formula.Reshape:
		return e.reshape(x[0], n.Shape()), nil
	case formula.LayerNorm:
		return e.emit("LayerNormalization", x, integer("axis", -f.Axes), float("epsilon", f.Epsilon)), nil
	case formula.Softmax:
		if f.Log {
			return e.emit("LogSoftmax", x, integer("axis", -1)), nil
		}
		return e.emit("Softmax", x, integer("axis", -1)), nil
	case formula.LeakyReLU:
		return e.emit("LeakyRelu", x, float("alpha", f.Slope)), nil
	case formula.Activation:
		return e.activation(f, x[0])
	}
	return "", errors.Errorf("op must be one that ONNX has, got %v", n.Op())
}

// window returns the attributes of a convolution or pooling.
func window(w formula.Window) []*onnxpb.AttributeProto {
	p := w.Padding
	return []*onnxpb.AttributeProto{
		integers("kernel_shape", w.Kernel[:]...), integers("strides", w.Stride[:]...),
		integers("pads", p[0], p[1], p[0], p[1]), integers("dilations", w.Dilation[:]...),
	}
}

func (e *exporter) rectified(x string, relu bool) string {
	if relu {
		return e.emit("Relu", []string{x})
	}
	return x
}

// reshape gives x a shape whose first axis takes what remains.
func (e *exporter) reshape(x string, shape tensor.Shape) string {
	to := []int64{-1}
	for _, d := range shape[1:] {
		to = append(to, int64(d))
	}
	return e.emit("Reshape", []string{x, e.ints("shape", to...)})
}

// dense adds a linear layer, with weights as PyTorch has them, (outputs,
// inputs).
func (e *exporter) dense(f formula.Dense, in []*gorgonia.Node) (string, error) {
	x, err := e.value(in[0])
	if err != nil {
		return "", err
	}
	inputs := []string{x}
	var attrs []*onnxpb.AttributeProto
	w, turned := e.turned(in[1])
	if turned {
		attrs = append(attrs, integer("transB", 1))
	} else if w, err = e.value(in[1]); err != nil {
		return "", err
	}
	inputs = append(inputs, w)
	if f.Bias {
		b, err := e.value(in[2])
		if err != nil {
			return "", err
		}
		inputs = append(inputs, b)
	}
	y := e.rectified(e.emit("Gemm", inputs, attrs...), f.ReLU)
	if f.Dropout > 0 {
		return e.plainDropout(y, f.Dropout)
	}
	return y, nil
}

// turned adds the transpose of a parameter that no other op has needed yet, and
// returns its name.
func (e *exporter) turned(w *gorgonia.Node) (name string, ok bool) {
	p := e.params[w.ID()]
	if p == nil {
		return "", false
	}
	if name, ok := e.transposed[p]; ok {
		return name, true
	}
	name = p.Name()
	if _, used := e.values[w.ID()]; used {
		name = e.fresh(name + ".T")
	}
	rows, cols := p.Value().Shape()[0], p.Value().Shape()[1]
	from, to := numbers(p.Value()), make([]float64, rows*cols)
	for r := range rows {
		for c := range cols {
			to[c*rows+r] = from[r*cols+c]
		}
	}
	e.initializer(name, tensor.Shape{cols, rows}, to)
	e.transposed[p] = name
	return name, true
}

func (e *exporter) matMul(f formula.MatMul, in []*gorgonia.Node) (string, error) {
	x, err := e.all(in...)
	if err != nil {
		return "", err
	}
	for i, transposed := range []bool{f.TransA, f.TransB} {
		if transposed {
			x[i] = e.emit("Transpose", []string{x[i]}, integers("perm", lastSwapped(in[i].Dims())...))
		}
	}
	return e.emit("MatMul", x), nil
}

// lastSwapped returns the axes with the last two exchanged.
func lastSwapped(dims int) []int {
	perm := make([]int, dims)
	for i := range perm {
		perm[i] = i
	}
	perm[dims-2], perm[dims-1] = dims-1, dims-2
	return perm
}

// batchNorm adds a normalization by running statistics.
func (e *exporter) batchNorm(in []*gorgonia.Node) (string, error) {
	stats, ok := formula.Of(in[3]).(formula.BatchStats)
	if !ok || !stats.Fixed {
		return "", errors.New("BatchNorm: statistics must be running ones, got those of batches")
	}
	x, err := e.all(in[:3]...)
	if err != nil {
		return "", err
	}
	for _, d := range []*tensor.Dense{stats.Mean, stats.Variance} {
		x = append(x, e.state(d))
	}
	return e.emit("BatchNormalization", x, float("epsilon", stats.Epsilon)), nil
}

// state adds a tensor that is not trained, under its name in the model, and
// returns the name.
func (e *exporter) state(d *tensor.Dense) string {
	for _, s := range e.states {
		if s.Value().Uintptr() == d.Uintptr() {
			if !e.stored[s] {
				e.stored[s] = true
				e.initializer(s.Name(), d.Shape(), numbers(d))
			}
			return s.Name()
		}
	}
	return e.floats("state", d.Shape(), numbers(d))
}

// embedding adds a lookup of rows.
func (e *exporter) embedding(in []*gorgonia.Node) (string, error) {
	x, err := e.all(in...)
	if err != nil {
		return "", err
	}
	ids := e.emit("Cast", []string{x[1]}, integer("to", int(onnxpb.TensorProto_INT64)))
	return e.emit("Gather", []string{x[0], ids}, integer("axis", 0)), nil
}

// positions adds the first rows of a table to each sequence.
func (e *exporter) positions(in []*gorgonia.Node) (string, error) {
	x, err := e.all(in...)
	if err != nil {
		return "", err
	}
	if times := in[0].Shape()[1]; times < in[1].Shape()[0] {
		x[1] = e.emit("Slice", []string{x[1], e.ints("start", 0), e.ints("end", int64(times)), e.ints("axis", 0)})
	}
	return e.emit("Add", x), nil
}

// activation adds a function of each element.
func (e *exporter) activation(f formula.Activation, x string) (string, error) {
	switch f {
	case formula.ReLU:
		return e.emit("Relu", []string{x}), nil
	case formula.Sigmoid:
		return e.emit("Sigmoid", []string{x}), nil
	case formula.SELU:
		return e.emit("Selu", []string{x}), nil // its defaults are those of the paper
	case formula.GELU: // x/2·(1 + erf(x/sqrt(2))); an op of its own comes with opset 20
		erf := e.emit("Erf", []string{e.emit("Div", []string{x, e.scalarOf(math.Sqrt2)})})
		half := e.emit("Mul", []string{x, e.scalarOf(0.5)})
		return e.emit("Mul", []string{half, e.emit("Add", []string{erf, e.scalarOf(1)})}), nil
	case formula.GELUTanh: // x/2·(1 + tanh(sqrt(2/pi)·(x + 0.044715·x³)))
		cube := e.emit("Mul", []string{x, e.emit("Mul", []string{x, x})})
		sum := e.emit("Add", []string{x, e.emit("Mul", []string{cube, e.scalarOf(0.044715)})})
		tanh := e.emit("Tanh", []string{e.emit("Mul", []string{sum, e.scalarOf(math.Sqrt(2 / math.Pi))})})
		half := e.emit("Mul", []string{x, e.scalarOf(0.5)})
		return e.emit("Mul", []string{half, e.emit("Add", []string{tanh, e.scalarOf(1)})}), nil
	}
	return "", errors.Errorf("activation must be one that ONNX has, got %d", f)
}

// builtins are Gorgonia's own ops by what they call themselves.
var builtins = map[string]string{
	"+ false": "Add", "- false": "Sub", "⊙ false": "Mul", "÷ false": "Div",
	"sigmoid": "Sigmoid", "tanh": "Tanh", "exp": "Exp", "neg": "Neg", "A × B": "MatMul",
}

// builtin adds one of Gorgonia's own ops.
func (e *exporter) builtin(n *gorgonia.Node, in []*gorgonia.Node) (string, error) {
	op, ok := builtins[n.Op().String()]
	for _, x := range in {
		ok = ok && (op == "MatMul" || x.IsScalar() || x.Shape().Eq(n.Shape()))
	}
	if !ok {
		return "", errors.Errorf("op must be one that ONNX has, got %v of shape %v", n.Op(), n.Shape())
	}
	x, err := e.all(in...)
	if err != nil {
		return "", err
	}
	return e.emit(op, x), nil
}
