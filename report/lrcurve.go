package report

import (
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// LRCurve draws the loss by learning rate that [training.Trainer.FindLR] has found, with a
// dot at its suggestion. It is an error if there are no finite losses.
func LRCurve(c *training.LRCurve) (*Figure, error) {
	if c == nil || len(c.LR) != len(c.Loss) {
		return nil, errors.New("report: LRCurve: curve must have a loss for each learning rate")
	}
	chart := Chart{
		Title: "Loss by learning rate", Caption: "The rate rises at each step of a short run; losses are smoothed.",
		X: "learning rate", Y: "loss", LogX: true,
		Series: []Series{{Name: "loss", X: c.LR, Y: c.Loss, NoDots: true}},
	}
	chart.Alt = chart.Caption + " The loss does not fall."
	if lr, err := c.Suggestion(); err == nil {
		for i := range c.LR {
			if c.LR[i] == lr {
				name := fmt.Sprintf("suggestion: %.2g", lr)
				chart.Series = append(chart.Series, Series{Name: name, X: []float64{lr}, Y: []float64{c.Loss[i]}, Color: 1, NoLine: true})
				chart.Alt = chart.Caption + fmt.Sprintf(" It falls fastest at %.2g.", lr)
			}
		}
	}
	f, err := chart.Figure()
	return f, errors.WithMessage(err, "report: LRCurve")
}
