package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/pkg/errors"
)

// Covered is how many numbers to predict lie in the intervals that should have them, by
// their level; package uncertainty counts them.
type Covered struct {
	Name   string    // of the model
	Levels []float64 // in (0, 1), ascending
	Shares []float64 // of the numbers, in [0, 1], one for each level
}

// Coverage draws the calibration of regressions: the share of the numbers that lie in their
// intervals by the probability that these claim. On the diagonal a model is calibrated,
// below it too sure, above it not sure enough. The caption has the mean distance from
// the diagonal. It is an error if there are no levels or a number is out of range.
func Coverage(of ...Covered) (*Figure, error) {
	if len(of) == 0 {
		return nil, errors.New("report: Coverage: must have at least one model, got none")
	}
	chart := Chart{
		Title: "Coverage of intervals", X: "claimed (%)", Y: "covered (%)",
		Series: []Series{{X: []float64{0, 100}, Y: []float64{0, 100}, Dashed: true, NoDots: true, Color: len(of)}},
	}
	var gaps []string
	for i, c := range of {
		if err := c.check(); err != nil {
			return nil, errors.WithMessagef(err, "report: Coverage: %s", titleFor("model", c.Name))
		}
		s := Series{Name: c.Name, Color: i}
		var gap float64
		for k, level := range c.Levels {
			s.X, s.Y = append(s.X, 100*level), append(s.Y, 100*c.Shares[k])
			gap += math.Abs(level-c.Shares[k]) / float64(len(c.Levels))
		}
		chart.Series = append(chart.Series, s)
		gaps = append(gaps, strings.TrimSpace(fmt.Sprintf("%.1f %% %s", 100*gap, c.Name)))
	}
	mean := "Mean distance from the diagonal: " + strings.Join(gaps, "; ") + "."
	chart.Caption = "Below the diagonal intervals are too narrow, above it too wide. " + mean
	chart.Alt = "Share of numbers in their intervals by claimed probability. " + mean
	f, err := chart.Figure()
	return f, errors.WithMessage(err, "report: Coverage")
}

func (c Covered) check() error {
	if len(c.Levels) == 0 || len(c.Levels) != len(c.Shares) {
		return errors.Errorf("must have levels and a share for each, got %d and %d", len(c.Levels), len(c.Shares))
	}
	last := 0.0
	for i, level := range c.Levels {
		if !(level > last && level < 1) {
			return errors.Errorf("levels must ascend in (0, 1), got %v after %v", level, last)
		}
		if share := c.Shares[i]; !(share >= 0 && share <= 1) {
			return errors.Errorf("shares must be in [0, 1], got %v", share)
		}
		last = level
	}
	return nil
}
