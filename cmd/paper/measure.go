package main

import (
	"context"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/floats"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// What studies measure besides error and likelihood.
const (
	learningCurve = "curve"
	monteCarlo    = "Monte-Carlo averaging"
	probabilities = "probabilities"
	codes         = "codes"
	codeNumbers   = "numbers of codes" // codes, without what figures show
	sparseWeights = "sparse weights"
)

// measured returns what the study measures of a trained network.
func (s study) measured(ctx context.Context, on *subject) (map[string][]float64, error) {
	if on.trial.Measure == "" {
		return nil, nil
	}
	switch s.measures {
	case monteCarlo:
		return averaging(ctx, on)
	case probabilities:
		return predictions(ctx, on)
	case codes:
		return code(ctx, on)
	case sparseWeights:
		return pruned(ctx, on)
	}
	return nil, nil
}

// counts returns the numbers of networks to average: at most half of the
// passes, so that there are at least two groups.
func counts(passes int) []int {
	var some []int
	for _, k := range []int{1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100} {
		if 2*k <= passes {
			some = append(some, k)
		}
	}
	return some
}

// averaging returns the test error in per cent and the NLL of the mean of k
// sampled networks: for each k the mean over as many groups of k as the passes
// allow, and the standard deviation of the error over them.
func averaging(ctx context.Context, on *subject) (map[string][]float64, error) {
	ks := counts(on.passes)
	wrong, nll := make([][]float64, len(ks)), make([][]float64, len(ks))
	for i, k := range ks {
		wrong[i], nll[i] = make([]float64, on.passes/k), make([]float64, on.passes/k)
	}
	p := uncertainty.Predictor{Model: on.trainer.Model, Passes: on.passes}
	n := float64(on.data.Test.Len())
	rows := make([][]float64, on.passes)
	err := p.Sample(ctx, on.data.Test, func(_, label int, logits [][]float64) error {
		for i, row := range logits {
			one, err := uncertainty.FromLogits(label, [][]float64{row})
			if err != nil {
				return err
			}
			rows[i] = one.Mean
		}
		for i, k := range ks {
			for g := range wrong[i] {
				mean := make([]float64, classes)
				for _, row := range rows[g*k : (g+1)*k] {
					for c, q := range row {
						mean[c] += q / float64(k)
					}
				}
				if (uncertainty.Prediction{Mean: mean}).Class() != label {
					wrong[i][g] += 100 / n
				}
				nll[i][g] -= math.Log(max(mean[label], math.SmallestNonzeroFloat32)) / n
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	extra := make(map[string][]float64)
	for i, k := range ks {
		m, sd := meanAndDeviation(wrong[i])
		l, _ := meanAndDeviation(nll[i])
		extra["k"] = append(extra["k"], float64(k))
		extra["error"] = append(extra["error"], m)
		extra["deviation"] = append(extra["deviation"], sd)
		extra["nll"] = append(extra["nll"], l)
	}
	return extra, nil
}

// meanAndDeviation returns the mean and the standard deviation, which is 0 for
// a single number.
func meanAndDeviation(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	if len(x) < 2 {
		return mean, 0
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, math.Sqrt(sd)
}

// predictions returns the labels of the test images, the classes that the network
// is certain of, -1 for the images of which it is not, and the probabilities of all
// classes of these, image by image. Certain is what rounds to a probability of 1.000:
// the records would be large if they had nine zeros for each such image.
func predictions(ctx context.Context, on *subject) (map[string][]float64, error) {
	p := uncertainty.Predictor{Model: on.trainer.Model}
	all, err := p.PredictDeterministic(ctx, on.data.Test)
	if err != nil {
		return nil, err
	}
	extra := make(map[string][]float64)
	for _, one := range all {
		extra["labels"] = append(extra["labels"], float64(one.Label))
		var row []float64
		for _, q := range one.Mean {
			row = append(row, math.Round(1e3*q)/1e3)
		}
		class := slices.Index(row, 1)
		extra["classes"] = append(extra["classes"], float64(class))
		if class < 0 {
			extra["probabilities"] = append(extra["probabilities"], row...)
		}
	}
	return extra, nil
}

// features is how many units of an autoencoder are kept for pictures.
const features = 64

// code returns what figures 7 and 8 show of an autoencoder: the mean squared
// error of a reconstructed test image, the weights into some units, as (pixels,
// units), the mean activation of each unit, and a sample of activations.
func code(ctx context.Context, on *subject) (map[string][]float64, error) {
	m, test := on.trainer.Model, on.data.Test
	n := min(1000, test.Len())
	layers, err := training.Activations(ctx, m, test, n)
	if err != nil {
		return nil, err
	}
	if len(layers) == 0 {
		return nil, errors.New("autoencoder must have a hidden layer with an activation, got none")
	}
	h := layers[0]
	units := len(h.Values) / n
	means := make([]float64, units)
	for i, v := range h.Values {
		means[i%units] += v / float64(n)
	}
	extra := map[string][]float64{
		"mean": {h.Mean}, "zeros": {h.Zeros},
	}
	if extra["reconstruction"], err = reconstruction(m, test, n); err != nil {
		return nil, err
	}
	weights, err := incoming(m)
	if err != nil {
		return nil, err
	}
	extra["concentration"] = []float64{concentration(weights, units)}
	if on.trial.Measure == codeNumbers {
		return extra, nil
	}
	extra["means"] = rounded(means)
	extra["activations"] = rounded(h.Values[:min(len(h.Values), 100*units)])
	var drawn []float64
	for i := range pixels {
		drawn = append(drawn, weights[i*units:i*units+min(units, features)]...)
	}
	extra["weights"] = rounded(drawn)
	return extra, nil
}

// incoming returns the weights from pixels to units, pixel by pixel.
func incoming(m *models.Model) ([]float64, error) {
	for _, p := range m.Params() {
		if w := p.Value(); w.Dims() == 2 && w.Shape()[0] == pixels {
			all := make([]float64, w.Shape().TotalSize())
			for i, v := range w.Float32s() {
				all[i] = float64(v)
			}
			return all, nil
		}
	}
	return nil, errors.New("autoencoder must have weights of pixels, got none")
}

// concentration returns the share of a unit's squared weights that lies in the
// largest tenth of them, as the mean over units.
func concentration(weights []float64, units int) float64 {
	var share float64
	for u := range units {
		var squares []float64
		for i := range pixels {
			v := weights[i*units+u]
			squares = append(squares, v*v)
		}
		slices.Sort(squares)
		share += floats.Sum(squares[pixels-pixels/10:]) / floats.Sum(squares) / float64(units)
	}
	return share
}

// rounded returns numbers to be drawn with as many digits as are seen, so that
// files of records stay small.
func rounded(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Round(1e3*v) / 1e3
	}
	return y
}

// reconstruction returns the mean over n images of the sum of squared errors.
func reconstruction(m *models.Model, test training.Dataset, n int) ([]float64, error) {
	p, err := m.Compile(models.Eval, n)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	if err := test.Gather(indices, p.Inputs(), make([]int, n)); err != nil {
		return nil, err
	}
	if err := p.Run(indices); err != nil {
		return nil, err
	}
	var sum float64
	image := make([]float64, pixels)
	for i := range n {
		if err := p.Row(i, image); err != nil {
			return nil, err
		}
		for _, v := range image {
			sum += v * v / float64(n)
		}
	}
	return []float64{sum}, nil
}
