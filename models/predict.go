package models

import (
	"maps"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A Predictor says how [Predictor.Predict] uses a model. Its zero value with a model is
// usable:
//
//	classes, err := models.Predictor{Model: m, Softmax: true}.Predict(images)
//	strengths, err := models.Predictor{Model: m, Samples: 50}.Predict(mixtures)
//
// Package uncertainty, in training, has more than the mean of the passes.
type Predictor struct {
	Model *Model
	// Samples is the number of passes with dropout, whose mean is taken (Monte Carlo
	// dropout, Gal and Ghahramani, 2016); 0 means one pass without dropout.
	Samples int
	// Softmax turns the outputs, logits with the class as last axis, into probabilities.
	Softmax bool
	// Inputs are the further inputs of the model by name, as [Program.Set] takes them.
	Inputs map[string]any
}

// Predict is Predictor.Predict without dropout: the outputs for a batch of inputs.
func (m *Model) Predict(inputs []float32) ([][]float64, error) {
	return Predictor{Model: m}.Predict(inputs)
}

// firstSample is the step of the first pass, which training never reaches.
const firstSample = 1 << 62

// Predict returns the outputs for a batch of inputs, one example after the other: a row of
// values or, with Softmax, of probabilities for each example. Each call compiles a graph;
// for many batches of one size use [Model.Compile].
func (p Predictor) Predict(inputs []float32) ([][]float64, error) {
	if p.Model == nil {
		return nil, errors.New("models: Predict: Model must be set, got nil")
	}
	size := p.Model.input.TotalSize()
	if len(inputs) == 0 || len(inputs)%size != 0 {
		return nil, errors.Errorf("models: Predict: inputs must have %d values for each example, got %d", size, len(inputs))
	}
	if p.Samples < 0 {
		return nil, errors.Errorf("models: Predict: Samples must not be negative, got %d", p.Samples)
	}
	mode := Eval
	if p.Samples > 0 {
		mode = Sample
	}
	n := len(inputs) / size
	program, err := p.Model.Compile(mode, n)
	if err != nil {
		return nil, errors.WithMessage(err, "models: Predict")
	}
	copy(program.Inputs(), inputs)
	var rows [][]float64
	if err = p.set(program); err == nil {
		rows, err = p.mean(program, n)
	}
	if closing := program.Close(); err == nil {
		err = closing
	}
	return rows, errors.WithMessage(err, "models: Predict")
}

// set sets the further inputs, all of which must be there but states.
func (p Predictor) set(program *Program) error {
	for _, in := range p.Model.declared {
		if p.Inputs[in.Name] == nil && !in.State {
			return errors.Errorf("Inputs must have the model's input %q, got none", in.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Inputs)) {
		if err := program.Set(name, p.Inputs[name]); err != nil {
			return err
		}
	}
	return nil
}

// mean returns the mean of the outputs of n examples over the passes.
func (p Predictor) mean(program *Program, n int) ([][]float64, error) {
	shape := program.graph.Output.Shape()
	classes := shape[len(shape)-1]
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, shape.TotalSize()/n)
	}
	now := make([]float64, shape.TotalSize()/n)
	for pass := range max(1, p.Samples) {
		program.graph.SetStep(firstSample + int64(pass))
		if err := program.Run(nil); err != nil {
			return nil, err
		}
		for i, row := range rows {
			if err := program.Row(i, now); err != nil {
				return nil, err
			}
			if p.Softmax {
				for logits := range slices.Chunk(now, classes) {
					toProbabilities(logits)
				}
			}
			for k, v := range now {
				row[k] += (v - row[k]) / float64(pass+1)
			}
		}
	}
	return rows, nil
}

// toProbabilities replaces logits by their softmax.
func toProbabilities(x []float64) {
	largest, sum := math.Inf(-1), 0.0
	for _, v := range x {
		largest = max(largest, v)
	}
	for k, v := range x {
		x[k] = portable.Exp(v - largest)
		sum += x[k]
	}
	for k := range x {
		x[k] /= sum
	}
}
