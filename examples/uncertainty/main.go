// Uncertainty shows what Monte Carlo dropout says about digits unlike those it
// has learned: rotated digits.
//
//	go run ./examples/uncertainty                              under a minute
//	go run ./examples/uncertainty --train 60000 --test 10000   a larger form
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	Train  int     `default:"5000" help:"Training images."`
	Test   int     `default:"1000" help:"Images to rotate and test on."`
	Units  int     `default:"256" help:"Units of each of the two hidden layers."`
	Epochs int     `default:"30" help:"Passes over the training images."`
	Passes int     `default:"30" help:"Passes of Monte Carlo dropout."`
	P      float64 `short:"p" default:"0.5" help:"Drop probability of hidden units."`
	Seed   uint64  `default:"1" help:"Seed of the data and of the training."`
	Out    string  `default:"runs/uncertainty" help:"Directory for the plots." type:"path"`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "uncertainty", Description: "Show what Monte Carlo dropout says about rotated digits.", Grammar: &settings{}}
}

// Run goes through the cells below, from the data to the plots.
func (s *settings) Run(ctx context.Context, to *cmdline.Console) error {
	start := time.Now()
	to.Logf("%s", blas.Use(1))
	train, test, err := s.data()
	if err != nil {
		return err
	}
	predictors, err := s.train(ctx, train)
	if err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "784-%d-%d-10, p %v, on %d digits; %d others turned; %d passes. Means in nats.\n\n", s.Units, s.Units, s.P, s.Train, s.Test, s.Passes)
	all, err := predictTurned(ctx, predictors, test)
	if err != nil {
		return err
	}
	if err := tabulate(to.Out, all); err != nil {
		return err
	}
	fmt.Fprint(to.Out, "\nTurned by 180°, 0, 1 and 8 are digits again and 6 and 9 each other: there a network may rightly be sure.\n\n")
	if err := s.plot(to.Out, all); err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// %% Data: upright digits to learn from, and others to rotate.

func (s *settings) data() (train, test *mnist.Set, err error) {
	all, tests, err := embedded.Load()
	if err != nil {
		return nil, nil, err
	}
	if train, _, err = all.Stratified(s.Train, s.Seed); err != nil {
		return nil, nil, err
	}
	test, _, err = tests.Stratified(s.Test, s.Seed)
	return train, test, err
}

// %% Digits that are turned, and how well numbers distinguish two kinds of them.

// turn returns the images rotated about their centre by an angle in radians,
// with values between pixels interpolated.
func turn(s *mnist.Set, angle float64) *training.Examples {
	turned := &training.Examples{Shape: s.InputShape(), X: make([]float32, len(s.Pixels)), Y: make([]int, s.Len())}
	sin, cos := math.Sincos(angle)
	middleX, middleY := float64(s.Cols-1)/2, float64(s.Rows-1)/2
	for n := range s.Len() {
		turned.Y[n] = int(s.Labels[n])
		image := s.Pixels[n*s.Rows*s.Cols : (n+1)*s.Rows*s.Cols]
		at := func(x, y int) float64 {
			if x < 0 || x >= s.Cols || y < 0 || y >= s.Rows {
				return 0
			}
			return float64(image[y*s.Cols+x]) / 255
		}
		for i := range image {
			// Where the pixel comes from.
			dx, dy := float64(i%s.Cols)-middleX, float64(i/s.Cols)-middleY
			x, y := middleX+cos*dx-sin*dy, middleY+sin*dx+cos*dy
			left, top := math.Floor(x), math.Floor(y)
			u, v := x-left, y-top
			l, o := int(left), int(top)
			turned.X[n*len(image)+i] = float32((1-v)*((1-u)*at(l, o)+u*at(l+1, o)) + v*((1-u)*at(l, o+1)+u*at(l+1, o+1)))
		}
	}
	return turned
}

// auroc returns the probability that one of the values is above one of the
// others; ties count half (Mann and Whitney, 1947).
func auroc(others, values []float64) float64 {
	type item struct {
		value float64
		in    bool
	}
	var items []item
	for _, v := range others {
		items = append(items, item{v, false})
	}
	for _, v := range values {
		items = append(items, item{v, true})
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.value, b.value) })
	var sum, below float64
	for i := 0; i < len(items); {
		var in, out float64 // of one value
		j := i
		for ; j < len(items) && items[j].value == items[i].value; j++ {
			if items[j].in {
				in++
			} else {
				out++
			}
		}
		sum += in * (below + out/2)
		below += out
		i = j
	}
	return sum / float64(len(others)) / float64(len(values))
}

func failures(predictions []uncertainty.Prediction) float64 {
	return mean(values(predictions, func(p uncertainty.Prediction) float64 {
		if p.Class() != p.Label {
			return 1
		}
		return 0
	}))
}

func values(predictions []uncertainty.Prediction, of func(uncertainty.Prediction) float64) []float64 {
	all := make([]float64, len(predictions))
	for i, p := range predictions {
		all[i] = of(p)
	}
	return all
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// %% Two networks, without dropout and with.

func (s *settings) train(ctx context.Context, train *mnist.Set) (predictors [2]*uncertainty.Predictor, err error) {
	for k, p := range []float64{0, s.P} {
		net := models.MLP{Inputs: 784, Hidden: []int{s.Units, s.Units}, Outputs: train.Classes, HiddenDropout: p}
		m, err := models.New(net, train.InputShape(), models.WithSeed(s.Seed))
		if err != nil {
			return predictors, err
		}
		const batch = 50
		t := &training.Trainer{
			Model: m, Solver: &optim.SGD{Momentum: 0.9}, Epochs: s.Epochs, BatchSize: batch, Seed: s.Seed,
			LR: schedule.Cosine{Initial: 0.03, Steps: int64(s.Epochs * ((s.Train + batch - 1) / batch))},
		}
		if _, err := t.Fit(ctx, training.Data{Train: train}); err != nil {
			return predictors, err
		}
		predictors[k] = &uncertainty.Predictor{Model: m, Passes: s.Passes}
	}
	return predictors, nil
}

// %% What they say about rotated digits.

// turned is what the networks say about digits rotated by an angle.
type turned struct {
	degrees int
	without []uncertainty.Prediction
	with    []uncertainty.Prediction // by weight scaling
	mc      []uncertainty.Prediction // by Monte Carlo dropout
}

func predictTurned(ctx context.Context, predictors [2]*uncertainty.Predictor, test *mnist.Set) (all []turned, err error) {
	for degrees := 0; degrees <= 180; degrees += 30 {
		images := turn(test, float64(degrees)*math.Pi/180)
		at := turned{degrees: degrees}
		if at.without, err = predictors[0].PredictDeterministic(ctx, images); err != nil {
			return nil, err
		}
		if at.with, err = predictors[1].PredictDeterministic(ctx, images); err != nil {
			return nil, err
		}
		if at.mc, err = predictors[1].Predict(ctx, images); err != nil {
			return nil, err
		}
		all = append(all, at)
	}
	return all, nil
}

// %% How well the uncertainty distinguishes rotated from upright digits: the
// AUROC is the probability that a rotated one is more uncertain than an upright
// one. Guessing gives 0.5.

// A measure is a number that says how uncertain a prediction is.
type measure struct {
	name string
	of   func(turned) []float64
}

func entropy(predictions []uncertainty.Prediction) []float64 {
	return values(predictions, func(p uncertainty.Prediction) float64 { return p.Entropy })
}

func mutualInformation(predictions []uncertainty.Prediction) []float64 {
	return values(predictions, uncertainty.Prediction.MutualInformation)
}

var measures = []measure{
	{"entropy, without dropout", func(t turned) []float64 { return entropy(t.without) }},
	{"entropy, with dropout", func(t turned) []float64 { return entropy(t.with) }},
	{"entropy, MC dropout", func(t turned) []float64 { return entropy(t.mc) }},
	{"mutual information, MC dropout", func(t turned) []float64 { return mutualInformation(t.mc) }},
}

func tabulate(out io.Writer, all []turned) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "turned\terror\tentropy\tMC error\tMC entropy\tmutual inf.\tAUROC: entropy\twith dropout\tMC entropy\tmutual inf.\t")
	for _, at := range all {
		fmt.Fprintf(t, "%d°\t%.1f %%\t%.3f\t%.1f %%\t%.3f\t%.3f\t", at.degrees, 100*failures(at.without), mean(entropy(at.without)),
			100*failures(at.mc), mean(entropy(at.mc)), mean(mutualInformation(at.mc)))
		for _, m := range measures {
			cell := ""
			if at.degrees > 0 {
				cell = fmt.Sprintf("%.3f", auroc(m.of(all[0]), m.of(at)))
			}
			fmt.Fprintf(t, "%s\t", cell)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// %% Plots.

func (s *settings) plot(out io.Writer, all []turned) error {
	var uncertain []float64
	var correct []bool
	for _, at := range all {
		if at.degrees != 0 && at.degrees != 90 {
			continue
		}
		for _, p := range at.mc {
			uncertain, correct = append(uncertain, p.Entropy), append(correct, p.Class() == p.Label)
		}
	}
	histogram, err := report.Uncertainty(uncertain, correct)
	if err != nil {
		return err
	}
	histogram.Title += ": upright and turned by 90°, MC dropout"
	if err := report.SavePNG(out, s.Out, "entropy", histogram); err != nil {
		return err
	}
	c := report.Chart{Title: "Telling turned digits from upright ones", X: "turned by, degrees", Y: "AUROC"}
	for k, m := range measures {
		line := report.Series{Name: m.name, Color: k, NoDots: true}
		for _, at := range all[1:] {
			line.X, line.Y = append(line.X, float64(at.degrees)), append(line.Y, auroc(m.of(all[0]), m.of(at)))
		}
		c.Series = append(c.Series, line)
	}
	chart, err := c.Figure()
	if err != nil {
		return err
	}
	return report.SavePNG(out, s.Out, "auroc", chart)
}
