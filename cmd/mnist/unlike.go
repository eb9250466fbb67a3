package main

import (
	"context"
	"slices"

	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

const (
	// ordinary is the share of held-out digits that are like the training data, by
	// each measure. A larger one would let noise pass.
	ordinary = 0.95
	// looked is how many of them are looked at, at most.
	looked = 1000
)

// A usual says how unsure a network is of digits: the greatest entropy and mutual
// information of most.
type usual struct {
	images               int
	entropy, information float64
}

// usualOf returns how unsure a predictor is of the images that the run has held out
// for its curves, or nil if it has none.
func usualOf(ctx context.Context, s *settings, p *uncertainty.Predictor) (*usual, error) {
	sets, err := s.Load()
	if err != nil || sets.Curve == nil {
		return nil, err
	}
	images := sets.Curve
	if images.Len() > looked {
		if images, _, err = images.Stratified(looked, mnistrun.SplitSeed); err != nil {
			return nil, err
		}
	}
	predictions, err := p.Predict(ctx, images)
	if err != nil {
		return nil, err
	}
	var entropies, informations []float64
	for _, one := range predictions {
		entropies, informations = append(entropies, one.Entropy), append(informations, one.MutualInformation())
	}
	return &usual{images.Len(), quantile(entropies, ordinary), quantile(informations, ordinary)}, nil
}

// unlike reports whether a prediction is less sure than most are.
func (u *usual) unlike(p uncertainty.Prediction) bool {
	return p.Entropy > u.entropy || p.MutualInformation() > u.information
}

// quantile returns the least of the values that a share of them does not exceed.
func quantile(values []float64, share float64) float64 {
	slices.Sort(values)
	return values[min(len(values)-1, int(share*float64(len(values))))]
}

// picture draws an image of 28 by 28 pixels in 14 lines, with half a character for
// a pixel.
func picture(pixels []float32) []string {
	const side = 28
	var lines []string
	for y := 0; y < side; y += 2 {
		line := make([]rune, side)
		for x := range side {
			upper, lower := pixels[y*side+x] >= 0.4, pixels[(y+1)*side+x] >= 0.4
			switch {
			case upper && lower:
				line[x] = '█'
			case upper:
				line[x] = '▀'
			case lower:
				line[x] = '▄'
			default:
				line[x] = ' '
			}
		}
		lines = append(lines, string(line))
	}
	return lines
}
