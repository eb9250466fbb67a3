package nn

import (
	"github.com/gorgonia-dropout/dropout/internal/draw"
	"github.com/gorgonia-dropout/dropout/internal/formula"
	"github.com/gorgonia-dropout/dropout/schedule"
)

// The methods Formula say what a function computes; nil where no formula of the
// package says all of it.

func (f linearForward) Formula() any {
	p, ok := constantRate(f.drop)
	if f.kept != nil || !ok {
		return nil
	}
	return formula.Dense{Bias: f.bias, ReLU: f.act == ActivationReLU, Dropout: p}
}

// constantRate returns the rate of a fused dropout, 0 for none. ok is false if
// it changes with the step.
func constantRate(d *draw.Fused) (p float64, ok bool) {
	if d == nil {
		return 0, true
	}
	rate, ok := d.Drawing(0).Rate.(schedule.Constant)
	return float64(rate), ok
}

func (w window) formula() formula.Window {
	return formula.Window{Kernel: w.kernel, Stride: w.stride, Padding: w.padding, Dilation: w.dilation}
}

func (f convForward) Formula() any {
	return formula.Conv{Window: f.window.formula(), Groups: f.groups, Bias: f.biased, ReLU: f.positive}
}

func (f maxPool) Formula() any     { return formula.MaxPool{Window: f.formula()} }
func (f avgPool) Formula() any     { return formula.AvgPool{Window: f.formula()} }
func (globalAvgPool) Formula() any { return formula.GlobalAvgPool{} }

func (reshape) Formula() any   { return formula.Reshape{} }
func (tokens) Formula() any    { return formula.Reshape{} }
func (sequences) Formula() any { return formula.Reshape{} }

func (f matMul) Formula() any     { return formula.MatMul{TransA: f.transA, TransB: f.transB} }
func (f rowsMatMul) Formula() any { return formula.MatMul{TransB: f.transB} }

func (relu) Formula() any { return formula.ReLU }

func (f elementwise[C]) Formula() any {
	switch c := any(f.curve).(type) {
	case leakyReLU:
		return formula.LeakyReLU{Slope: c.s}
	case geluTanh:
		return formula.GELUTanh
	case selu:
		return formula.SELU
	}
	return nil
}

func (gelu) Formula() any      { return formula.GELU }
func (sigmoidOf) Formula() any { return formula.Sigmoid }

func (f softmax) Formula() any { return formula.Softmax{Log: f.log} }

func (batchNorm) Formula() any { return formula.BatchNorm{} }

func (f batchStats) Formula() any {
	return formula.BatchStats{Mean: f.running.Mean, Variance: f.running.Variance, Epsilon: f.eps, Fixed: f.frozen}
}

func (f layerNorm) Formula() any { return formula.LayerNorm{Epsilon: f.eps, Axes: f.normalized} }

func (embedding) Formula() any    { return formula.Embedding{} }
func (addPositions) Formula() any { return formula.Positions{} }

func (f attentionOutput) Formula() any {
	p, ok := constantRate(f.drop)
	if !ok {
		return nil
	}
	return formula.Attention{Heads: f.heads, Causal: f.causal, Dropout: p}
}

func (f recurrentOutput) Formula() any {
	mixes := f.noise.ZoneoutCell > 0 || f.noise.ZoneoutHidden > 0
	return formula.Recurrent{Gates: f.gates(), Noise: f.source != nil || mixes}
}
