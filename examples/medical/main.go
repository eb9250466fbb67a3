// Medical tells malignant from benign tumours with and without dropout, says how
// sure it is of each case, and which cases it would rather leave to a doctor.
//
//	go run ./examples/medical               3 times 10-fold cross-validation
//	go run ./examples/medical -repeats 10   10 times, the full form
//
// It is an exercise on public data, not a medical device.
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

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/wdbc"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	repeats, folds int
	epochs         float64 // as a multiple of those that were found best
	passes         int
	seed           uint64
	dir            string
}

func main() {
	var s settings
	flag.IntVar(&s.repeats, "repeats", 3, "times that the cross-validation is repeated with other folds")
	flag.IntVar(&s.folds, "folds", 10, "folds of the cross-validation")
	flag.Float64Var(&s.epochs, "epochs", 1, "length of the training, as a multiple of the usual one")
	flag.IntVar(&s.passes, "passes", 50, "passes of Monte-Carlo dropout")
	flag.Uint64Var(&s.seed, "seed", 1, "seed of the folds and of the training")
	flag.StringVar(&s.dir, "out", "", "directory for the plots; by default a temporary one")
	flag.Parse()
	fmt.Println(blas.Use(2))
	if err := run(context.Background(), s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings, out io.Writer) error {
	start := time.Now()

	// %% Data: 569 tumours, 30 measurements each, in folds of cross-validation.
	table, err := wdbc.Load()
	if err != nil {
		return err
	}
	folds, err := datasets.StratifiedFolds(table.Y, s.folds, s.repeats, s.seed)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d tumours of %d measurements; %d times %d-fold cross-validation, stratified by class.\n\n",
		table.Len(), len(table.Columns), s.repeats, s.folds)

	// %% Two ways to train one network, 30-128-128-2. Each fold is standardized by
	// its own training part. Epochs and weight decay were chosen for each way by
	// cross-validation with other folds (seed 1000) of the same tumours.
	var nets [2][]*models.Model // of each way and fold, for the predictions below
	var tests []training.Dataset
	for _, fold := range folds {
		scale, err := standardization(table, fold)
		if err != nil {
			return err
		}
		test, err := datasets.Subset(table, fold.Test)
		if err != nil {
			return err
		}
		tests = append(tests, scale.Apply(test))
	}
	way := func(k int, name string, p, decay, epochs float64) experiment.Arm {
		nets[k] = make([]*models.Model, len(folds))
		return experiment.Arm{Name: name, New: func(fold uint64) (*training.Trainer, training.Data, error) {
			var data training.Data
			f := folds[fold]
			scale, err := standardization(table, f)
			if err != nil {
				return nil, data, err
			}
			train, err := datasets.Subset(table, f.Train)
			if err != nil {
				return nil, data, err
			}
			data.Train, data.Test = scale.Apply(train), tests[fold]
			seed := s.seed<<32 + fold
			m, err := models.New(models.MLP{Inputs: 30, Hidden: []int{128, 128}, Outputs: 2, HiddenDropout: p}, []int{30}, models.WithSeed(seed))
			if err != nil {
				return nil, data, err
			}
			nets[k][fold] = m
			const batch = 40
			t := &training.Trainer{
				Model: m, Solver: &optim.AdamW{Regularization: optim.Regularization{WeightDecay: decay}},
				Epochs: int(math.Ceil(epochs * s.epochs)), BatchSize: batch, Seed: seed,
			}
			t.Schedule = optim.Cosine{Initial: 0.003, Steps: int64(t.Epochs * (len(f.Train)/batch + 1))}
			return t, data, nil
		}}
	}
	const without, with, sampled = "without dropout", "with dropout", "with MC dropout"
	arms := []experiment.Arm{way(0, without, 0, 0, 20), way(1, with, 0.5, 0.3, 60)}
	seeds := make([]uint64, len(folds))
	for i := range seeds {
		seeds[i] = uint64(i)
	}
	results, err := experiment.Run(ctx, arms, seeds, 2, nil)
	if err != nil {
		return err
	}

	// %% Accuracy. Folds share most of their training part, so that their results
	// are not independent: the intervals are corrected for that (Nadeau and Bengio,
	// "Inference for the Generalization Error", 2003).
	accuracy := experiment.Measure{Name: "accuracy", Percent: true, Of: func(r experiment.Result) float64 { return r.History.Test.Accuracy() }}
	corrected := func(e experiment.Estimate) experiment.Estimate {
		e.StdErr *= math.Sqrt(1 + float64(e.N)/float64(s.folds-1))
		return e
	}
	for _, name := range []string{without, with} {
		mean := experiment.Mean(results, name, accuracy)
		low, high := corrected(mean).ShareInterval(0.95) // never above 100 %
		fmt.Fprintf(out, "accuracy %-15s  %.2f %% (95 %% interval %.2f to %.2f)\n", name, 100*mean.Mean, 100*low, 100*high)
	}
	d := experiment.Difference(results, with, without, accuracy)
	low, high := corrected(d).Interval(0.95)
	fmt.Fprintf(out, "difference                %+.2f %% (95 %% interval %+.2f to %+.2f)\n", 100*d.Mean, 100*low, 100*high)
	switch {
	case low > 0:
		fmt.Fprint(out, "Dropout made the answers more accurate.\n\n")
	case high < 0:
		fmt.Fprint(out, "Dropout made the answers less accurate.\n\n")
	default:
		fmt.Fprint(out, "Dropout made no difference to the accuracy that these folds could show.\n\n")
	}

	// %% Calibration: what every network says of the tumours that it has not seen,
	// with dropout also as the mean over many thinned networks.
	type prediction struct {
		uncertainty.Prediction
		tumour int
	}
	said := make(map[string][]prediction)
	for i, fold := range folds {
		plain, err := (&uncertainty.Predictor{Model: nets[0][i]}).PredictDeterministic(ctx, tests[i])
		if err != nil {
			return err
		}
		p := &uncertainty.Predictor{Model: nets[1][i], Passes: s.passes}
		scaled, err := p.PredictDeterministic(ctx, tests[i])
		if err != nil {
			return err
		}
		mc, err := p.Predict(ctx, tests[i])
		if err != nil {
			return err
		}
		for name, predictions := range map[string][]uncertainty.Prediction{without: plain, with: scaled, sampled: mc} {
			for k, q := range predictions {
				said[name] = append(said[name], prediction{q, fold.Test[k]})
			}
		}
	}
	names := []string{without, with, sampled}
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\taccuracy\tsensitivity\tspecificity\tNLL\tBrier\tECE\t")
	var curves []report.Predictions
	for _, name := range names {
		all := make([]uncertainty.Prediction, len(said[name]))
		curve := report.Predictions{Name: name, Classes: 2}
		var right, of [2]float64
		for i, q := range said[name] {
			all[i] = q.Prediction
			of[q.Label]++
			if q.Class() == q.Label {
				right[q.Label]++
			}
			curve.Probabilities = append(curve.Probabilities, float32(q.Mean[0]), float32(q.Mean[1]))
			curve.Labels = append(curve.Labels, q.Label)
		}
		scores, err := uncertainty.Evaluate(all, report.CalibrationBins)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%.2f %%\t%.2f %%\t%.2f %%\t%.4f\t%.4f\t%.4f\t\n", name, 100*scores.Accuracy,
			100*right[wdbc.Malignant]/of[wdbc.Malignant], 100*right[wdbc.Benign]/of[wdbc.Benign], scores.NLL, scores.Brier, scores.ECE)
		curves = append(curves, curve)
	}
	if err := t.Flush(); err != nil {
		return err
	}

	// %% Referral: the tumours that the answers are least sure of go to a doctor.
	fmt.Fprint(out, "\nErrors among the tumours that are left when the least certain ones are referred:\n")
	shares := []float64{0, 0.02, 0.05, 0.1, 0.2, 0.3}
	t = tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\t")
	for _, share := range shares {
		fmt.Fprintf(t, "%.0f %%\t", 100*share)
	}
	fmt.Fprintln(t)
	referral := plot.New()
	referral.Title.Text = "Errors left by share of tumours referred"
	referral.X.Label.Text, referral.Y.Label.Text = "referred, %", "error of the rest, %"
	referral.Y.Min, referral.Legend.Top = 0, true
	for k, name := range names {
		sorted := slices.Clone(said[name])
		slices.SortStableFunc(sorted, func(a, b prediction) int { return cmp.Compare(b.Entropy, a.Entropy) })
		left := func(share float64) float64 {
			rest := sorted[int(math.Round(share*float64(len(sorted)))):]
			wrong := 0
			for _, q := range rest {
				if q.Class() != q.Label {
					wrong++
				}
			}
			return float64(wrong) / float64(len(rest))
		}
		fmt.Fprintf(t, "%s\t", name)
		for _, share := range shares {
			fmt.Fprintf(t, "%.2f %%\t", 100*left(share))
		}
		fmt.Fprintln(t)
		var points plotter.XYs
		for percent := range 41 {
			points = append(points, plotter.XY{X: float64(percent), Y: 100 * left(float64(percent)/100)})
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color, line.Width = plotutil.Color(k), vg.Points(1.5)
		referral.Add(line)
		referral.Legend.Add(name, line)
	}
	if err := t.Flush(); err != nil {
		return err
	}

	// %% The ten tumours that are most in doubt, over all repeats.
	type doubt struct {
		tumour                         int
		malignant, entropy, mutualInfo float64
	}
	doubts := make([]doubt, table.Len())
	for _, q := range said[sampled] {
		of := &doubts[q.tumour]
		of.tumour = q.tumour
		of.malignant += q.Mean[wdbc.Malignant] / float64(s.repeats)
		of.entropy += q.Entropy / float64(s.repeats)
		of.mutualInfo += q.MutualInformation() / float64(s.repeats)
	}
	slices.SortStableFunc(doubts, func(a, b doubt) int { return cmp.Compare(b.entropy, a.entropy) })
	fmt.Fprint(out, "\nThe first to be referred (Monte-Carlo dropout, uncertainty in nats):\n")
	t = tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "tumour\ttruth\tP(malignant)\tuncertainty\tof the model\t")
	for _, q := range doubts[:10] {
		fmt.Fprintf(t, "%d\t%s\t%.2f\t%.3f\t%.3f\t\n", q.tumour, table.Classes[table.Y[q.tumour]], q.malignant, q.entropy, q.mutualInfo)
	}
	if err := t.Flush(); err != nil {
		return err
	}

	fmt.Fprintln(out)

	// %% Plots.
	calibration, err := report.Calibration(curves...)
	if err != nil {
		return err
	}
	var entropy []float64
	var correct []bool
	for _, q := range said[sampled] {
		entropy, correct = append(entropy, q.Entropy), append(correct, q.Class() == q.Label)
	}
	histogram, err := report.Uncertainty(entropy, correct)
	if err != nil {
		return err
	}
	dir := s.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "medical-"); err != nil {
			return err
		}
	}
	if err := report.Show(out, dir, "calibration", calibration); err != nil {
		return err
	}
	if err := report.Show(out, dir, "uncertainty", histogram); err != nil {
		return err
	}
	path := filepath.Join(dir, "referral.png")
	if err := referral.Save(14*vg.Centimeter, 10*vg.Centimeter, path); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", path)
	fmt.Fprintf(out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// standardization is measured on the training part of a fold.
func standardization(table *datasets.Table, fold datasets.Fold) (*datasets.Standardization, error) {
	train, err := datasets.Subset(table, fold.Train)
	if err != nil {
		return nil, err
	}
	return datasets.FitStandardization(train)
}
