// Uncertainty shows what Monte-Carlo dropout says of digits that are unlike those
// it has learned: digits that are turned.
//
//	go run ./examples/uncertainty                              under a minute
//	go run ./examples/uncertainty -train 60000 -test 10000   a larger form
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	train, test, units, epochs, passes int
	p                                  float64
	seed                               uint64
	dir                                string
}

func main() {
	var s settings
	flag.IntVar(&s.train, "train", 5000, "images to learn from")
	flag.IntVar(&s.test, "test", 1000, "images to turn and test on")
	flag.IntVar(&s.units, "units", 256, "units of each of the two hidden layers")
	flag.IntVar(&s.epochs, "epochs", 30, "passes over the training images")
	flag.IntVar(&s.passes, "passes", 30, "passes of Monte-Carlo dropout")
	flag.Float64Var(&s.p, "p", 0.5, "drop probability of hidden units")
	flag.Uint64Var(&s.seed, "seed", 1, "seed of the data and of the training")
	flag.StringVar(&s.dir, "out", "", "directory for the plots; by default a temporary one")
	flag.Parse()
	fmt.Println(blas.Use(1))
	if err := run(context.Background(), s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// A measure is a number that says how uncertain a prediction is.
type measure struct {
	name string
	net  int // without dropout or with
	mc   bool
	of   func(uncertainty.Prediction) float64
}

func run(ctx context.Context, s settings, out io.Writer) error {
	start := time.Now()

	// %% Data: upright digits to learn from.
	all, tests, err := embedded.Load()
	if err != nil {
		return err
	}
	train, _, err := all.Stratified(s.train, s.seed)
	if err != nil {
		return err
	}
	test, _, err := tests.Stratified(s.test, s.seed)
	if err != nil {
		return err
	}

	// %% Two networks, without dropout and with.
	var predictors [2]*uncertainty.Predictor
	for k, p := range []float64{0, s.p} {
		net := models.MLP{Inputs: 784, Hidden: []int{s.units, s.units}, Outputs: train.Classes, HiddenDropout: p}
		m, err := models.New(net, train.InputShape(), models.WithSeed(s.seed))
		if err != nil {
			return err
		}
		const batch = 50
		t := &training.Trainer{
			Model: m, Solver: &optim.SGD{Momentum: 0.9}, Epochs: s.epochs, BatchSize: batch, Seed: s.seed,
			Schedule: optim.Cosine{Initial: 0.03, Steps: int64(s.epochs * ((s.train + batch - 1) / batch))},
		}
		if _, err := t.Fit(ctx, training.Data{Train: train}); err != nil {
			return err
		}
		predictors[k] = &uncertainty.Predictor{Model: m, Passes: s.passes}
	}

	// %% What they say of digits that are turned, and how well the uncertainty tells
	// turned from upright digits: the AUROC is the probability that a turned one is
	// more uncertain than an upright one. 0.5 is guessing.
	measures := []measure{
		{"entropy, without dropout", 0, false, func(p uncertainty.Prediction) float64 { return p.Entropy }},
		{"entropy, with dropout", 1, false, func(p uncertainty.Prediction) float64 { return p.Entropy }},
		{"entropy, MC dropout", 1, true, func(p uncertainty.Prediction) float64 { return p.Entropy }},
		{"mutual information, MC dropout", 1, true, uncertainty.Prediction.MutualInformation},
	}
	fmt.Fprintf(out, "784-%d-%d-10, p %v, on %d digits; %d others turned; %d passes. Means in nats.\n\n", s.units, s.units, s.p, s.train, s.test, s.passes)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "turned\terror\tentropy\tMC error\tMC entropy\tmutual inf.\tAUROC: entropy\twith dropout\tMC entropy\tmutual inf.\t")
	upright := make([][]float64, len(measures))
	curves := make([]plotter.XYs, len(measures))
	var entropy []float64
	var correct []bool
	for degrees := 0; degrees <= 180; degrees += 30 {
		turned := turn(test, float64(degrees)*math.Pi/180)
		plain, err := predictors[0].PredictDeterministic(ctx, turned)
		if err != nil {
			return err
		}
		scaled, err := predictors[1].PredictDeterministic(ctx, turned)
		if err != nil {
			return err
		}
		mc, err := predictors[1].Predict(ctx, turned)
		if err != nil {
			return err
		}
		var cells []string
		for k, m := range measures {
			of := [][]uncertainty.Prediction{plain, scaled, mc}[m.net]
			if m.mc {
				of = mc
			}
			values := make([]float64, len(of))
			for i, p := range of {
				values[i] = m.of(p)
			}
			if degrees == 0 {
				upright[k] = values
				cells = append(cells, "")
				continue
			}
			a := auroc(upright[k], values)
			cells = append(cells, fmt.Sprintf("%.3f", a))
			curves[k] = append(curves[k], plotter.XY{X: float64(degrees), Y: a})
		}
		if degrees == 0 || degrees == 90 {
			for _, p := range mc {
				entropy, correct = append(entropy, p.Entropy), append(correct, p.Class() == p.Label)
			}
		}
		fmt.Fprintf(t, "%d°\t%.1f %%\t%.3f\t%.1f %%\t%.3f\t%.3f\t", degrees, 100*failures(plain), mean(plain, measures[0].of),
			100*failures(mc), mean(mc, measures[2].of), mean(mc, measures[3].of))
		for _, cell := range cells {
			fmt.Fprintf(t, "%s\t", cell)
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprint(out, "\nTurned by 180°, 0, 1 and 8 are digits again and 6 and 9 each other: there a network may rightly be sure.\n\n")

	// %% Plots.
	dir := s.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "uncertainty-"); err != nil {
			return err
		}
	}
	histogram, err := report.Uncertainty(entropy, correct)
	if err != nil {
		return err
	}
	histogram.Title += ": upright and turned by 90°, MC dropout"
	if err := report.Show(out, dir, "entropy", histogram); err != nil {
		return err
	}
	picture := plot.New()
	picture.Title.Text = "Telling turned digits from upright ones"
	picture.X.Label.Text, picture.Y.Label.Text = "turned by, degrees", "AUROC"
	picture.Y.Min, picture.Y.Max = 0.5, 1
	for k, m := range measures {
		line, err := plotter.NewLine(curves[k])
		if err != nil {
			return err
		}
		line.Color, line.Width = plotutil.Color(k), vg.Points(1.5)
		picture.Add(line)
		picture.Legend.Add(m.name, line)
	}
	path := filepath.Join(dir, "auroc.png")
	if err := picture.Save(14*vg.Centimeter, 10*vg.Centimeter, path); err != nil {
		return err
	}
	fmt.Fprintf(out, "AUROC by angle: %s\n\nThis took %v.\n", path, time.Since(start).Round(time.Second))
	return nil
}

// turn returns the images turned about their middle by an angle in radians, with
// values between pixels interpolated.
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

// auroc is the probability that one of the values is above one of the others, a tie
// counting half (Mann and Whitney, 1947).
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
	return mean(predictions, func(p uncertainty.Prediction) float64 {
		if p.Class() != p.Label {
			return 1
		}
		return 0
	})
}

func mean(predictions []uncertainty.Prediction, of func(uncertainty.Prediction) float64) float64 {
	var sum float64
	for _, p := range predictions {
		sum += of(p)
	}
	return sum / float64(len(predictions))
}
