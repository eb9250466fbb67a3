package nn_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/nn"
)

// A lossCase is a loss with options: of inputs that have gradients, and of labels and
// weights that have none.
type lossCase struct {
	loss    string
	options map[string]any // as testdata/losses.py takes them
	inputs  []*tensor.Dense
	fixed   []*tensor.Dense // floats of float64, or int
	build   func(in, fixed []*gorgonia.Node) (*gorgonia.Node, error)
}

func (c lossCase) String() string { return fmt.Sprintf("%s %v", c.loss, c.options) }

// graph is the loss in the type of the inputs that it is given, with its fixed tensors
// transposed in memory or not.
func (c lossCase) graph(t testing.TB, strided bool) gradcheck.Graph {
	return func(in []*gorgonia.Node) (*gorgonia.Node, error) {
		var fixed []*gorgonia.Node
		for i, v := range c.fixed {
			if v.Dtype() != tensor.Int && in[0].Dtype() == tensor.Float32 {
				v = narrowed(v)
			}
			if strided {
				v = testkit.Reversed(t, v)
			}
			fixed = append(fixed, gorgonia.NodeFromAny(in[0].Graph(), v, gorgonia.WithName(fmt.Sprintf("fixed %d", i))))
		}
		return c.build(in, fixed)
	}
}

// narrowed is a tensor of float64 in float32.
func narrowed(v *tensor.Dense) *tensor.Dense {
	data := make([]float32, v.DataSize())
	for i, x := range v.Float64s() {
		data[i] = float32(x)
	}
	return tensor.New(tensor.WithShape(v.Shape()...), tensor.WithBacking(data))
}

// dense is a tensor of float64.
func dense(shape []int, x ...float64) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
}

// reductions are the options that all losses have, with weights of examples of a
// shape and of their first axis.
func reductions(shape ...int) []lossCase {
	size := tensor.Shape(shape).TotalSize()
	each, first := make([]float64, size), make([]float64, shape[0])
	for i := range each {
		each[i] = float64(i%3) / 2 // 0 too
	}
	for i := range first {
		first[i] = float64(i + 1)
	}
	all := []lossCase{
		{options: map[string]any{}},
		{options: map[string]any{"reduction": "sum"}},
		{options: map[string]any{"reduction": "none"}},
		{options: map[string]any{}, fixed: []*tensor.Dense{dense(shape, each...)}},
		{options: map[string]any{"reduction": "sum"}, fixed: []*tensor.Dense{dense(shape[:1], first...)}},
		{options: map[string]any{"reduction": "none"}, fixed: []*tensor.Dense{dense(shape, each...)}},
		{options: map[string]any{}, fixed: []*tensor.Dense{dense(shape[:1], first...)}},
	}
	for _, c := range all {
		if len(c.fixed) > 0 {
			c.options["weighted"] = true
		}
	}
	return all
}

// lossOptions are the options of a case of reductions, the last of the fixed tensors
// being its weights.
func (c lossCase) lossOptions(fixed []*gorgonia.Node) (opts []nn.LossOption) {
	switch c.options["reduction"] {
	case "sum":
		opts = append(opts, nn.WithSum())
	case "none":
		opts = append(opts, nn.WithoutReduction())
	}
	if c.options["weighted"] == true {
		opts = append(opts, nn.WithWeights(fixed[len(fixed)-1]))
	}
	return opts
}

// bools are targets of 0 and 1.
func bools(shape ...int) *tensor.Dense {
	v := testkit.Wave(tensor.Float64, 5, shape...)
	for i, x := range v.Float64s() {
		v.Float64s()[i] = 0
		if x > 0 {
			v.Float64s()[i] = 1
		}
	}
	return v
}

// probabilities are the softmax of waves, with a class of probability 0 in the first
// row.
func probabilities(shape ...int) *tensor.Dense {
	v := testkit.Wave(tensor.Float64, 3, shape...)
	classes := shape[len(shape)-1]
	for from := 0; from < v.DataSize(); from += classes {
		row, sum := v.Float64s()[from:from+classes], 0.0
		for k := range row {
			if row[k] = math.Exp(row[k]); from == 0 && k == 0 {
				row[k] = 0
			}
			sum += row[k]
		}
		for k := range row {
			row[k] /= sum
		}
	}
	return v
}

// lossCases are all losses with all their options.
func lossCases() (all []lossCase) {
	flat, deep := []int{4, 3}, []int{2, 3, 4}
	for _, shape := range [][]int{flat, deep, {5}} {
		for _, r := range reductions(shape...) {
			all = append(all, regressionCases(r, shape)...)
			all = append(all, binaryCases(r, shape)...)
		}
	}
	for _, shape := range [][]int{flat, deep, {3, 1}} {
		for _, r := range reductions(shape[:len(shape)-1]...) {
			all = append(all, classCases(r, shape)...)
		}
	}
	return all
}

// variant is a case of reductions of another loss, with more options and fixed tensors.
func (c lossCase) variant(loss string, options map[string]any, inputs []*tensor.Dense, fixed ...*tensor.Dense) lossCase {
	v := lossCase{loss: loss, options: map[string]any{}, inputs: inputs, fixed: append(fixed, c.fixed...)}
	for _, from := range []map[string]any{c.options, options} {
		for name, value := range from {
			v.options[name] = value
		}
	}
	return v
}

func regressionCases(r lossCase, shape []int) (all []lossCase) {
	pair := testkit.Varied(tensor.Float64, shape, shape)
	add := func(loss string, options map[string]any, inputs []*tensor.Dense, build func(c lossCase, in []*gorgonia.Node, opts []nn.LossOption) (*gorgonia.Node, error)) {
		c := r.variant(loss, options, inputs)
		c.build = func(in, fixed []*gorgonia.Node) (*gorgonia.Node, error) { return build(c, in, c.lossOptions(fixed)) }
		all = append(all, c)
	}
	add("MSE", nil, pair, func(_ lossCase, in []*gorgonia.Node, opts []nn.LossOption) (*gorgonia.Node, error) {
		return nn.MSE(in[0], in[1], opts...)
	})
	add("MAE", nil, pair, func(_ lossCase, in []*gorgonia.Node, opts []nn.LossOption) (*gorgonia.Node, error) {
		return nn.MAE(in[0], in[1], opts...)
	})
	for _, delta := range []float64{0.3, 1} {
		add("Huber", map[string]any{"delta": delta}, pair, func(_ lossCase, in []*gorgonia.Node, opts []nn.LossOption) (*gorgonia.Node, error) {
			return nn.Huber(in[0], in[1], delta, opts...)
		})
	}
	add("GaussianNLL", nil, testkit.Varied(tensor.Float64, shape, shape, shape), func(_ lossCase, in []*gorgonia.Node, opts []nn.LossOption) (*gorgonia.Node, error) {
		return nn.GaussianNLL(in[0], in[1], in[2], opts...)
	})
	return all
}

func binaryCases(r lossCase, shape []int) (all []lossCase) {
	logits := testkit.Varied(tensor.Float64, shape)
	soft := testkit.Wave(tensor.Float64, 5, shape...)
	for i, x := range soft.Float64s() {
		soft.Float64s()[i] = x * x
	}
	perClass := make([]float64, shape[len(shape)-1])
	for k := range perClass {
		perClass[k] = float64(k) / 2
	}
	for _, weights := range [][]float64{nil, {2.5}, perClass} {
		for _, targets := range []*tensor.Dense{bools(shape...), soft} {
			c := r.variant("BCEWithLogits", map[string]any{"pos_weight": weights}, logits, targets)
			c.build = func(in, fixed []*gorgonia.Node) (*gorgonia.Node, error) {
				var opts []nn.BCEOption
				for _, opt := range c.lossOptions(fixed) {
					opts = append(opts, opt)
				}
				if weights != nil {
					opts = append(opts, nn.WithPosWeight(weights...))
				}
				return nn.BCEWithLogits(in[0], fixed[0], opts...)
			}
			all = append(all, c)
		}
	}
	for _, gamma := range []float64{0, 2, 0.5} {
		for _, alpha := range []any{nil, 0.25} {
			c := r.variant("Focal", map[string]any{"gamma": gamma, "alpha": alpha}, logits, bools(shape...))
			c.build = func(in, fixed []*gorgonia.Node) (*gorgonia.Node, error) {
				var opts []nn.FocalOption
				for _, opt := range c.lossOptions(fixed) {
					opts = append(opts, opt)
				}
				if alpha != nil {
					opts = append(opts, nn.WithAlpha(alpha.(float64)))
				}
				return nn.Focal(in[0], fixed[0], gamma, opts...)
			}
			all = append(all, c)
		}
	}
	return all
}

func classCases(r lossCase, shape []int) (all []lossCase) {
	logits := testkit.Varied(tensor.Float64, shape)
	dims, classes := shape[:len(shape)-1], shape[len(shape)-1]
	labels := testkit.Labels(dims, make([]int, tensor.Shape(dims).TotalSize())...)
	for i := range labels.Ints() {
		labels.Ints()[i] = (i * 2) % classes
	}
	weights := make([]float64, classes)
	for k := range weights {
		weights[k] = float64(k+1) / 2
	}
	add := func(loss string, options map[string]any, labels *tensor.Dense) {
		c := r.variant(loss, options, logits, labels)
		c.build = func(in, fixed []*gorgonia.Node) (*gorgonia.Node, error) {
			if loss == "KLDiv" {
				return nn.KLDiv(in[0], fixed[0], c.lossOptions(fixed)...)
			}
			var opts []nn.CrossEntropyOption
			for _, opt := range c.lossOptions(fixed) {
				opts = append(opts, opt)
			}
			if eps, ok := c.options["label_smoothing"]; ok {
				opts = append(opts, nn.WithLabelSmoothing(eps.(float64)))
			}
			if w, ok := c.options["weight"]; ok {
				opts = append(opts, nn.WithClassWeights(w.([]float64)...))
			}
			if ignored, ok := c.options["ignore_index"]; ok {
				opts = append(opts, nn.WithIgnoreIndex(ignored.(int)))
			}
			return nn.SoftmaxCrossEntropy(in[0], fixed[0], opts...)
		}
		all = append(all, c)
	}
	padded := labels.Clone().(*tensor.Dense)
	padded.Ints()[1] = -100
	soft := probabilities(shape...)
	if classes == 1 {
		soft = tensor.Ones(tensor.Float64, shape...)
	}
	add("KLDiv", nil, soft)
	for _, options := range []map[string]any{
		{}, {"label_smoothing": 0.1}, {"label_smoothing": 1.0}, {"weight": weights}, {"weight": weights, "label_smoothing": 0.2},
	} {
		add("SoftmaxCrossEntropy", options, labels)
		add("SoftmaxCrossEntropy", options, soft)
		ignoring := map[string]any{"ignore_index": -100}
		for name, value := range options {
			ignoring[name] = value
		}
		add("SoftmaxCrossEntropy", ignoring, padded)
		if classes > 1 {
			first := map[string]any{"ignore_index": 0} // a class
			for name, value := range options {
				first[name] = value
			}
			add("SoftmaxCrossEntropy", first, labels)
		}
	}
	return all
}

// Gradients are those of central differences, and the same on a LispMachine, in
// float32 and for inputs that lie in memory in another order.
func TestLossGradients(t *testing.T) {
	for _, c := range lossCases() {
		f := c.graph(t, false)
		if err := gradcheck.Check(f, 2e-8, c.inputs...); err != nil {
			t.Errorf("%v: %v", c, err)
		}
		want := testkit.Differentiate(t, false, f, c.inputs...)
		testkit.Differentiate(t, true, f, c.inputs...).Near(t, c.String()+": LispMachine", want, 1e-14)
		narrow, strided := make([]*tensor.Dense, len(c.inputs)), make([]*tensor.Dense, len(c.inputs))
		for i, in := range c.inputs {
			narrow[i], strided[i] = narrowed(in), testkit.Reversed(t, in)
		}
		testkit.Differentiate(t, false, f, narrow...).Near(t, c.String()+": float32", want, 1e-5)
		testkit.Differentiate(t, false, c.graph(t, true), strided...).Near(t, c.String()+": transposed", want, 0)
	}
}
