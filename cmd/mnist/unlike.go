package main

import (
	"context"

	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/unlike"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// looked is how many held-out digits are looked at, at most.
const looked = 1000

// usualOf returns how unsure a predictor is of the images that the run has held out
// for its curves, or nil if it has none.
func usualOf(ctx context.Context, s *settings, p *uncertainty.Predictor) (*unlike.Usual, error) {
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
	return unlike.Of(entropies, informations), nil
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
