package metrics

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A Batch is the output of a model for some examples, with their targets.
type Batch struct {
	// Output is a dense tensor of float32 or float64, with any strides: logits
	// with the class as the last axis, or values.
	Output gorgonia.Value
	// Target holds labels, which are int classes in the shape of Output without
	// its last axis; or values of float32 or float64 in the shape of Output,
	// which are numbers to predict, or 0 and 1 for classes that are present or
	// absent independently. Each metric says which of the two it takes.
	Target gorgonia.Value
	// Weight holds the weights of the labels or values, of float32 or float64,
	// finite and not negative; nil means 1. Its shape is theirs, or that of
	// their leading axes, so that (N) weighs whole examples. Anything of weight
	// 0 is ignored: a mask of zeros and ones leaves padding out.
	Weight gorgonia.Value
	// Ignored is a label that is ignored too, as with [nn.WithIgnoreIndex]; nil
	// means none.
	//
	// [nn.WithIgnoreIndex]: https://pkg.go.dev/github.com/gorgonia-dropout/dropout/nn#WithIgnoreIndex
	Ignored *int
	// Heads are the further outputs of the model by name, with their targets and
	// weights, for metrics [Of] a head.
	Heads map[string]Batch
	// Probabilities says that Output holds probabilities instead of logits, for
	// instance means over several passes.
	Probabilities bool
}

// floats holds the elements of a tensor of either type, in row-major order.
type floats struct {
	narrow []float32
	wide   []float64
}

func (f floats) at(i int) float64 {
	if f.narrow != nil {
		return float64(f.narrow[i])
	}
	return f.wide[i]
}

// read copies elements to x, from a position on.
func (f floats) read(x []float64, from int) {
	for i := range x {
		x[i] = f.at(from + i)
	}
}

// floatsOf returns the elements and the shape of a tensor of floats.
func floatsOf(what string, v gorgonia.Value) (f floats, s tensor.Shape, err error) {
	d, ok := v.(*tensor.Dense)
	switch {
	case ok && d.Dtype() == tensor.Float32:
		f.narrow, err = op.Values[float32](d)
	case ok && d.Dtype() == tensor.Float64:
		f.wide, err = op.Values[float64](d)
	default:
		return f, nil, errors.Errorf("%s must be a dense tensor of float32 or float64, got %s", what, op.Describe(v))
	}
	return f, d.Shape(), errors.Wrap(err, what)
}

// weights holds the weights of a number of labels or values.
type weights struct {
	of   floats
	all  bool // are 1
	each int  // labels or values that share a weight
}

func (w weights) at(i int) float64 {
	if w.all {
		return 1
	}
	return w.of.at(i / w.each)
}

// weightsOf returns the weights of labels or values of a shape.
func weightsOf(v gorgonia.Value, of tensor.Shape) (weights, error) {
	if v == nil {
		return weights{all: true}, nil
	}
	f, s, err := floatsOf("weight", v)
	if err != nil {
		return weights{}, err
	}
	if s.Dims() == 0 || s.Dims() > of.Dims() || !s.Eq(of[:s.Dims()]) {
		return weights{}, errors.Errorf("weight must have the shape %v of the labels or values or of their leading axes, got %v", of, s)
	}
	n := op.Size(s)
	for i := range n {
		if w := f.at(i); !(w >= 0) || math.IsInf(w, 1) {
			return weights{}, errors.Errorf("weight %d must be finite and not negative, got %v", i, w)
		}
	}
	return weights{of: f, each: op.Size(of) / max(1, n)}, nil
}

// labelled is a batch with labels.
type labelled struct {
	outputs floats
	classes int
	labels  []int
	weights weights
	ignored *int
}

// byLabels returns the batch as one with labels, all of which are classes.
func (b Batch) byLabels() (*labelled, error) {
	outputs, shape, err := floatsOf("output", b.Output)
	if err != nil {
		return nil, err
	}
	if shape.Dims() < 2 {
		return nil, errors.Errorf("output must have the class as last axis of two or more, got shape %v", shape)
	}
	last := shape.Dims() - 1
	l := &labelled{outputs: outputs, classes: shape[last], ignored: b.Ignored}
	target, ok := b.Target.(*tensor.Dense)
	if !ok || target.Dtype() != tensor.Int || !target.Shape().Eq(shape[:last]) {
		return nil, errors.Errorf("target must be labels of int and shape %v, got %s", shape[:last], op.Describe(b.Target))
	}
	if l.labels, err = op.Integers(target); err != nil {
		return nil, errors.Wrap(err, "target")
	}
	if l.weights, err = weightsOf(b.Weight, shape[:last]); err != nil {
		return nil, err
	}
	for i, label := range l.labels {
		if l.weight(i) == 0 {
			continue
		}
		if label < 0 || label >= l.classes {
			return nil, errors.Errorf("label %d must be in [0, %d), got %d", i, l.classes, label)
		}
		if b.Probabilities {
			if err := checkProbabilities(outputs, i*l.classes, l.classes); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

// checkProbabilities returns an error unless n outputs, from a position on, are
// in [0, 1], or just above due to rounding.
func checkProbabilities(outputs floats, from, n int) error {
	for i := range n {
		if p := outputs.at(from + i); !(p >= 0 && p <= 1+1e-6) {
			return errors.Errorf("output %d must be a probability in [0, 1], got %v", from+i, p)
		}
	}
	return nil
}

// weight returns the weight of label i, 0 if it is ignored.
func (l *labelled) weight(i int) float64 {
	if l.ignored != nil && l.labels[i] == *l.ignored {
		return 0
	}
	return l.weights.at(i)
}

// each calls f for each label that counts, with the outputs of the classes,
// which f may change and which are valid until it returns.
func (l *labelled) each(f func(row []float64, label int, weight float64)) {
	row := make([]float64, l.classes)
	for i, label := range l.labels {
		if w := l.weight(i); w != 0 {
			l.outputs.read(row, i*l.classes)
			f(row, label, w)
		}
	}
}

// valued is a batch with values.
type valued struct {
	outputs, targets floats
	columns          int // values on the last axis, 1 if the batch is the only axis
	size             int
	weights          weights
}

// byValues returns the batch as one with values.
func (b Batch) byValues() (*valued, error) {
	outputs, shape, err := floatsOf("output", b.Output)
	if err != nil {
		return nil, err
	}
	targets, got, err := floatsOf("target", b.Target)
	if err != nil {
		return nil, err
	}
	if shape.Dims() == 0 || !got.Eq(shape) {
		return nil, errors.Errorf("target must have the shape %v of the output, with the batch as first axis, got %v", shape, got)
	}
	v := &valued{outputs: outputs, targets: targets, columns: 1, size: op.Size(shape)}
	if shape.Dims() > 1 {
		v.columns = shape[shape.Dims()-1]
	}
	v.weights, err = weightsOf(b.Weight, shape)
	return v, err
}

// byChoices returns the batch as one with values, whose targets are all 0 or 1.
func (b Batch) byChoices() (*valued, error) {
	v, err := b.byValues()
	if err != nil {
		return nil, err
	}
	for i := range v.size {
		if v.weights.at(i) == 0 {
			continue
		}
		if t := v.targets.at(i); t != 0 && t != 1 {
			return nil, errors.Errorf("target %d must be 0 or 1, got %v", i, t)
		}
		if b.Probabilities {
			if err := checkProbabilities(v.outputs, i, 1); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// each calls f for each value that counts, with its index on the last axis.
func (v *valued) each(f func(column int, output, target, weight float64)) {
	for i := range v.size {
		if w := v.weights.at(i); w != 0 {
			f(i%v.columns, v.outputs.at(i), v.targets.at(i), w)
		}
	}
}

// exponentials returns the largest logit of a row and the sum of
// exp(logit-largest), which does not overflow.
func exponentials(row []float64) (largest, sum float64) {
	largest = math.Inf(-1)
	for _, x := range row {
		largest = max(largest, x)
	}
	for _, x := range row {
		sum += portable.Exp(x - largest)
	}
	return largest, sum
}

// toProbabilities replaces logits by their softmax, which is NaN if it is not
// defined.
func toProbabilities(row []float64) {
	largest, sum := exponentials(row)
	for k, x := range row {
		row[k] = portable.Exp(x-largest) / sum
	}
}
