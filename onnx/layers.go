package onnx

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/nn"
)

// operators returns what adds the node of each operator.
func operators() map[string]func(*call) ([]value, error) {
	return map[string]func(*call) ([]value, error){
		"Add":                arithmeticOf(add, gorgonia.Add),
		"Sub":                arithmeticOf(sub, gorgonia.Sub),
		"Mul":                arithmeticOf(mul, gorgonia.HadamardProd),
		"Div":                arithmeticOf(div, gorgonia.HadamardDiv),
		"AveragePool":        (*call).averagePool,
		"BatchNormalization": (*call).batchNorm,
		"Cast":               (*call).cast,
		"Concat":             (*call).concat,
		"Constant":           (*call).constant,
		"ConstantOfShape":    (*call).constantOfShape,
		"Conv":               (*call).conv,
		"Dropout":            (*call).dropout,
		"Flatten":            (*call).flatten,
		"GRU":                (*call).recurrent,
		"Gather":             (*call).gather,
		"Gemm":               (*call).gemm,
		"GlobalAveragePool":  (*call).globalAveragePool,
		"Identity":           (*call).identity,
		"LSTM":               (*call).recurrent,
		"LayerNormalization": (*call).layerNorm,
		"LogSoftmax":         (*call).softmax,
		"MatMul":             (*call).matMul,
		"MaxPool":            (*call).maxPool,
		"Pad":                (*call).pad,
		"ReduceMean":         (*call).reduceMean,
		"Reshape":            (*call).reshape,
		"Shape":              (*call).shape,
		"Slice":              (*call).slice,
		"Softmax":            (*call).softmax,
		"Split":              (*call).split,
		"Squeeze":            (*call).squeeze,
		"Transpose":          (*call).transpose,
		"Unsqueeze":          (*call).unsqueeze,
		"Where":              (*call).where,

		geluOp:      func(c *call) ([]value, error) { return c.apply(models.GELU()) },
		"LeakyRelu": func(c *call) ([]value, error) { return c.apply(models.LeakyReLU(c.float("alpha", 0.01))) },
		"Relu":      func(c *call) ([]value, error) { return c.apply(models.ReLU()) },
		"Selu":      (*call).selu,
		"Sigmoid":   func(c *call) ([]value, error) { return c.apply(models.Sigmoid()) },
		"Tanh":      func(c *call) ([]value, error) { return c.apply(models.Tanh()) },
	}
}

func (c *call) selu() ([]value, error) {
	const alpha, gamma = 1.67326319217681884765625, 1.05070102214813232421875 // as float32
	a, g := c.float("alpha", alpha), c.float("gamma", gamma)
	if math.Abs(a-alpha) > 1e-6 || math.Abs(g-gamma) > 1e-6 {
		return nil, errors.Errorf("alpha and gamma must be those of the paper, got %v and %v", a, g)
	}
	return c.apply(models.SELU())
}

func (c *call) softmax() ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	usual := -1
	if x.Dims() == 2 {
		usual = 1 // the same, before opset 13
	}
	if k, err := axis(c.int("axis", usual), x.Dims()); err != nil || k != x.Dims()-1 {
		return nil, errors.Errorf("axis must be the last of %v, got %d", x.Shape(), c.int("axis", usual))
	}
	if c.proto.GetOpType() == "Softmax" {
		return c.apply(models.Softmax())
	}
	return c.apply(models.LogSoftmax())
}

// dropout adds a dropout for training and sampling, on or off in the file.
func (c *call) dropout() ([]value, error) {
	p := c.float("ratio", 0.5)
	if c.has(1) {
		a, err := c.known(1)
		if err != nil || len(a.values) != 1 {
			return nil, errors.New("ratio must be one constant number, got others or none")
		}
		p = a.values[0]
	}
	y, err := c.apply(models.Dropout(p))
	if err != nil {
		return nil, err
	}
	return append(y, value{mask: c.proto.GetOutput()[0]}), nil
}

// where removes the choice that keeps a dropout from being optimized away.
func (c *call) where() ([]value, error) {
	if len(c.in) == 3 && c.in[0].mask != "" && c.in[0].mask == c.proto.GetInput()[1] && c.in[2].known.zero() {
		return []value{c.in[1]}, nil
	}
	return nil, errors.New("inputs must be the mask of a Dropout, its output and 0, got others")
}

// zero reports whether the numbers are known and all 0.
func (a *array) zero() bool {
	return a != nil && !slices.ContainsFunc(a.values, func(v float64) bool { return v != 0 })
}

// gemm adds a linear layer, or a product of what is computed.
func (c *call) gemm() ([]value, error) {
	if c.float("alpha", 1) != 1 || c.float("beta", 1) != 1 || c.int("transA", 0) != 0 {
		return nil, errors.Errorf("alpha, beta and transA must be 1, 1 and 0, got %v, %v and %d", c.float("alpha", 1), c.float("beta", 1), c.int("transA", 0))
	}
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	a, err := c.known(1)
	if err != nil {
		return nil, err
	}
	w, err := c.matrix(a, c.int("transB", 0) != 0)
	if err != nil {
		return nil, err
	}
	var b *gorgonia.Node
	if c.has(2) {
		bias, err := c.known(2)
		if err != nil {
			return nil, err
		}
		if len(bias.values) != w.Shape()[1] {
			return nil, errors.Errorf("bias must have %d elements, got shape %v", w.Shape()[1], bias.shape)
		}
		if b, err = c.param(bias, "bias", []int{len(bias.values)}, inOrder); err != nil {
			return nil, err
		}
	}
	return one(nn.Dense(x, w, b, nn.ActivationNone))
}

// matrix returns a as the parameter (inputs, outputs) of a linear layer.
func (c *call) matrix(a *array, transposed bool) (*gorgonia.Node, error) {
	if len(a.shape) != 2 {
		return nil, errors.Errorf("weights must be a matrix, got shape %v", a.shape)
	}
	if !transposed {
		return c.param(a, "weight", a.shape, inOrder)
	}
	out, in := a.shape[0], a.shape[1]
	return c.param(a, "weight", []int{in, out}, func(i int) int { return i%out*in + i/out })
}

// matMul adds a linear layer without bias, for all rows of x, or a product of
// what is computed.
func (c *call) matMul() ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	if len(c.in) > 1 && c.in[1].node != nil {
		return one(nn.MatMul(x, c.in[1].node))
	}
	a, err := c.known(1)
	if err != nil {
		return nil, err
	}
	if a.turned != nil {
		// A decoder that is tied to an embedding stays so.
		w, err := c.param(a.turned, "weight", a.turned.shape, inOrder)
		if err != nil {
			return nil, err
		}
		return one(nn.MatMul(x, w, nn.WithTransposedB()))
	}
	w, err := c.matrix(a, false)
	if err != nil {
		return nil, err
	}
	shape := slices.Clone([]int(x.Shape()))
	last := len(shape) - 1
	if last < 1 || shape[last] != w.Shape()[0] {
		return nil, errors.Errorf("x must have rows of %d, got shape %v", w.Shape()[0], shape)
	}
	if last > 1 {
		if x, err = rowMajor([]int{size(shape[:last]), shape[last]}).apply(x); err != nil {
			return nil, err
		}
	}
	y, err := nn.Dense(x, w, nil, nn.ActivationNone)
	if err != nil || last == 1 {
		return one(y, err)
	}
	shape[last] = w.Shape()[1]
	return one(rowMajor(shape).apply(y))
}

// batchNorm adds a normalization of each channel.
func (c *call) batchNorm() ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	if x.Dims() < 2 {
		return nil, errors.Errorf("x must have channels, got shape %v", x.Shape())
	}
	channels := []int{x.Shape()[1]}
	var arrays [4]*array
	for i := range arrays {
		if arrays[i], err = c.known(i + 1); err != nil {
			return nil, err
		}
		if !slices.Equal(arrays[i].shape, channels) {
			return nil, errors.Errorf("input %d must have shape %v, got %v", i+1, channels, arrays[i].shape)
		}
	}
	gamma, err := c.param(arrays[0], "weight", channels, inOrder)
	if err != nil {
		return nil, err
	}
	beta, err := c.param(arrays[1], "bias", channels, inOrder)
	if err != nil {
		return nil, err
	}
	stats := new(nn.RunningStats)
	if stats.Mean, err = c.scope.State(c.nameOf(arrays[2], "running_mean"), channels, arrays[2].init(inOrder)); err != nil {
		return nil, err
	}
	if stats.Variance, err = c.scope.State(c.nameOf(arrays[3], "running_var"), channels, arrays[3].init(inOrder)); err != nil {
		return nil, err
	}
	for _, a := range arrays[2:] {
		if err := a.finiteNumbers(); err != nil {
			return nil, err
		}
	}
	opts := []nn.BatchNormOption{nn.WithEpsilon(c.float("epsilon", 1e-5))}
	if momentum := c.float("momentum", 0.9); momentum < 1 {
		opts = append(opts, nn.WithMomentum(1-momentum))
	}
	if c.scope.Mode() != models.Train {
		opts = append(opts, nn.WithRunningStatistics())
	}
	return one(nn.BatchNorm(x, gamma, beta, stats, opts...))
}

// layerNorm adds a normalization of the last axes.
func (c *call) layerNorm() ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	from, err := axis(c.int("axis", -1), x.Dims())
	if err != nil {
		return nil, err
	}
	a, err := c.known(1)
	if err != nil {
		return nil, err
	}
	shape := []int(x.Shape()[from:])
	b := &array{shape: shape, values: make([]float64, size(shape))}
	if c.has(2) {
		if b, err = c.known(2); err != nil {
			return nil, err
		}
	}
	if !slices.Equal(a.shape, shape) || !slices.Equal(b.shape, shape) {
		return nil, errors.Errorf("scale and bias must have shape %v, got %v and %v", shape, a.shape, b.shape)
	}
	gamma, err := c.param(a, "weight", shape, inOrder)
	if err != nil {
		return nil, err
	}
	beta, err := c.param(b, "bias", shape, inOrder)
	if err != nil {
		return nil, err
	}
	return one(nn.LayerNorm(x, gamma, beta, c.float("epsilon", 1e-5)))
}
