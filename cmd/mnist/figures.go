package main

import (
	"context"
	"fmt"

	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// passes is the number of passes of Monte Carlo dropout in a report, shown the
// number of test images that they use, and activated that of the images for
// activations.
const passes, shown, activated = 20, 2000, 100

// drawFigures draws what the models of a run with settings s do on test images,
// for one seed.
func drawFigures(ctx context.Context, s *settings, dir runDir, seed uint64) ([]*report.Figure, error) {
	sets, err := s.Load()
	if err != nil {
		return nil, err
	}
	images := sets.Test
	if images.Len() > shown {
		if images, _, err = images.Stratified(shown, mnistrun.SplitSeed); err != nil {
			return nil, err
		}
	}
	x, y := make([]float32, 784*images.Len()), make([]int, images.Len())
	all := make([]int, images.Len())
	for i := range all {
		all[i] = i
	}
	if err := images.Gather(all, x, y); err != nil {
		return nil, err
	}
	data := &training.Examples{Shape: []int{784}, X: x, Y: y}

	var figures []*report.Figure
	add := func(f *report.Figure, err error) error {
		figures = append(figures, f)
		return err
	}
	var plain []report.Predictions
	var activations [][]report.Sample // by layer
	for _, a := range s.arms() {
		m, err := dir.model(a, seed)
		if err != nil {
			return nil, err
		}
		p := &uncertainty.Predictor{Model: m.Model, Passes: passes}
		predictions, err := p.PredictDeterministic(ctx, data)
		if err != nil {
			return nil, err
		}
		plain = append(plain, forReport(a.name, predictions))
		first := m.Params()
		if len(s.Hidden) > 0 {
			if err := add(report.Filters(a.name, first[0].Value().Float32s(), 28, 28)); err != nil {
				return nil, err
			}
			layers, err := training.Activations(ctx, m.Model, data, activated)
			if err != nil {
				return nil, err
			}
			for i, layer := range layers {
				if i == len(activations) {
					activations = append(activations, nil)
				}
				activations[i] = append(activations[i], report.Sample{Name: a.name, Values: layer.Values})
			}
		}
		if a.name == without {
			continue
		}
		sampled, err := p.Predict(ctx, data)
		if err != nil {
			return nil, err
		}
		var entropy []float64
		var correct []bool
		for _, one := range sampled {
			entropy, correct = append(entropy, one.Entropy), append(correct, one.Class() == one.Label)
		}
		if err := add(report.Confusion(plain[1], nil)); err != nil {
			return nil, err
		}
		if err := add(report.Mistakes(plain[1], x, 28, 28, 24)); err != nil {
			return nil, err
		}
		if err := add(report.Uncertainty(entropy, correct)); err != nil {
			return nil, err
		}
		plain = append(plain, forReport(fmt.Sprintf("%s, %d passes", a.name, passes), sampled))
	}
	if err := add(report.Calibration(plain...)); err != nil {
		return nil, err
	}
	for i, samples := range activations {
		f, err := report.Activations(samples...)
		if err := add(f, err); err != nil {
			return nil, err
		}
		f.Title = fmt.Sprintf("Activations of hidden layer %d", i+1)
		f.Caption = fmt.Sprintf("Of %d units for %d test images. %s", s.Hidden[i], min(activated, data.Len()), f.Caption)
	}
	return figures, nil
}

func forReport(name string, predictions []uncertainty.Prediction) report.Predictions {
	p := report.Predictions{Name: name, Classes: 10}
	for _, one := range predictions {
		p.Labels = append(p.Labels, one.Label)
		for _, v := range one.Mean {
			p.Probabilities = append(p.Probabilities, float32(v))
		}
	}
	return p
}
