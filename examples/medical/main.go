// Medical distinguishes malignant from benign tumours with and without dropout,
// says how certain it is of each case, and which cases it would rather refer to
// a doctor.
//
//	go run ./examples/medical                3 times 10-fold cross-validation
//	go run ./examples/medical --repeats 10   10 times, the full form
//
// It is an exercise on public data, not a medical device.
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

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/wdbc"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

type settings struct {
	Repeats int     `default:"3" help:"Repetitions of the cross-validation, each with other folds."`
	Folds   int     `default:"10" help:"Folds of the cross-validation."`
	Epochs  float64 `default:"1" help:"Length of the training, as a multiple of the usual one."`
	Passes  int     `default:"50" help:"Passes of Monte Carlo dropout."`
	Seed    uint64  `default:"1" help:"Seed of the folds and of the training."`
	Out     string  `default:"runs/medical" help:"Directory for the plots." type:"path"`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "medical", Description: "Tell malignant from benign tumours with and without dropout, and say how sure that is.", Grammar: &settings{}}
}

const without, with, sampled = "without dropout", "with dropout", "with MC dropout"

// Run goes through the cells below, from the data to the plots.
func (s *settings) Run(ctx context.Context, to *cmdline.Console) error {
	start := time.Now()
	to.Logf("%s", blas.Use(2))
	d, err := s.data()
	if err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "%d tumours of %d measurements; %d times %d-fold cross-validation, stratified by class.\n\n",
		d.table.Len(), len(d.table.Columns), s.Repeats, s.Folds)
	plain, dropped := s.arm(d, without, 0, 0, 20), s.arm(d, with, 0.5, 0.3, 60)
	results, err := experiment.Run(ctx, []experiment.Arm{plain.Arm, dropped.Arm}, experiment.Seeds(0, len(d.folds)), 2, nil)
	if err != nil {
		return err
	}
	s.compare(to.Out, results)
	said, err := s.predict(ctx, d, plain, dropped)
	if err != nil {
		return err
	}
	if err := calibration(to.Out, said); err != nil {
		return err
	}
	if err := referral(to.Out, said); err != nil {
		return err
	}
	if err := s.doubts(to.Out, d.table, said[sampled]); err != nil {
		return err
	}
	if err := s.plot(to.Out, said); err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// %% Data: 569 tumours with 30 measurements each, in folds of cross-validation.
// Each fold is standardized by its own training part.

type crossValidation struct {
	table         *datasets.Table
	folds         []datasets.Fold
	trains, tests []training.Dataset // of each fold
}

func (s *settings) data() (*crossValidation, error) {
	table, err := wdbc.Load()
	if err != nil {
		return nil, err
	}
	d := &crossValidation{table: table}
	if d.folds, err = datasets.StratifiedFolds(table.Y, s.Folds, s.Repeats, s.Seed); err != nil {
		return nil, err
	}
	for _, fold := range d.folds {
		train, err := datasets.Subset(table, fold.Train)
		if err != nil {
			return nil, err
		}
		test, err := datasets.Subset(table, fold.Test)
		if err != nil {
			return nil, err
		}
		scale, err := datasets.FitStandardization(train)
		if err != nil {
			return nil, err
		}
		d.trains, d.tests = append(d.trains, scale.Apply(train)), append(d.tests, scale.Apply(test))
	}
	return d, nil
}

// %% Two ways to train a network, 30-128-128-2. Epochs and weight decay were
// chosen for each by cross-validation with other folds (seed 1000) of the same
// tumours.

// A foldsArm is an arm whose seeds are folds, with its networks.
type foldsArm struct {
	experiment.Arm
	nets []*models.Model
}

func (s *settings) arm(d *crossValidation, name string, p, decay, epochs float64) foldsArm {
	nets := make([]*models.Model, len(d.folds))
	return foldsArm{nets: nets, Arm: experiment.Arm{Name: name, New: func(fold uint64) (*training.Trainer, training.Data, error) {
		data := training.Data{Train: d.trains[fold], Test: d.tests[fold]}
		seed := s.Seed<<32 + fold
		m, err := models.New(models.MLP{Inputs: 30, Hidden: []int{128, 128}, Outputs: 2, HiddenDropout: p}, []int{30}, models.WithSeed(seed))
		if err != nil {
			return nil, data, err
		}
		nets[fold] = m
		const batch = 40
		t := &training.Trainer{
			Model: m, Solver: &optim.AdamW{Regularization: optim.Regularization{WeightDecay: decay}},
			Epochs: int(math.Ceil(epochs * s.Epochs)), BatchSize: batch, Seed: seed,
		}
		t.LR = schedule.Cosine{Initial: 0.003, Steps: int64(t.Epochs * (len(d.folds[fold].Train)/batch + 1))}
		return t, data, nil
	}}}
}

// %% Accuracy. Folds share most of their training part, so their results are
// not independent: the intervals are corrected for that (Nadeau and Bengio,
// "Inference for the Generalization Error", 2003).

func (s *settings) compare(out io.Writer, results []experiment.Result) {
	accuracy := experiment.Measure{Name: "accuracy", Percent: true, Of: func(r experiment.Result) float64 { return r.History.Test.Accuracy() }}
	corrected := func(e experiment.Estimate) experiment.Estimate {
		e.StdErr *= math.Sqrt(1 + float64(e.N)/float64(s.Folds-1))
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
}

// %% Predictions: what every network says of the tumours that it has not seen;
// with dropout also as the mean over many thinned networks.

type prediction struct {
	uncertainty.Prediction
	tumour int
}

// names are the three ways to predict.
var names = []string{without, with, sampled}

func (s *settings) predict(ctx context.Context, d *crossValidation, plain, dropped foldsArm) (map[string][]prediction, error) {
	said := make(map[string][]prediction)
	for i, fold := range d.folds {
		p := &uncertainty.Predictor{Model: dropped.nets[i], Passes: s.Passes}
		for _, way := range []struct {
			name    string
			predict func(context.Context, training.Dataset) ([]uncertainty.Prediction, error)
		}{{without, (&uncertainty.Predictor{Model: plain.nets[i]}).PredictDeterministic}, {with, p.PredictDeterministic}, {sampled, p.Predict}} {
			predictions, err := way.predict(ctx, d.tests[i])
			if err != nil {
				return nil, err
			}
			for k, q := range predictions {
				said[way.name] = append(said[way.name], prediction{q, fold.Test[k]})
			}
		}
	}
	return said, nil
}

// %% Calibration.

func calibration(out io.Writer, said map[string][]prediction) error {
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\taccuracy\tsensitivity\tspecificity\tNLL\tBrier\tECE\t")
	for _, name := range names {
		all := make([]uncertainty.Prediction, len(said[name]))
		var right, of [2]float64
		for i, q := range said[name] {
			all[i] = q.Prediction
			of[q.Label]++
			if q.Class() == q.Label {
				right[q.Label]++
			}
		}
		scores, err := uncertainty.Evaluate(all, report.CalibrationBins)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%.2f %%\t%.2f %%\t%.2f %%\t%.4f\t%.4f\t%.4f\t\n", name, 100*scores.Accuracy,
			100*right[wdbc.Malignant]/of[wdbc.Malignant], 100*right[wdbc.Benign]/of[wdbc.Benign], scores.NLL, scores.Brier, scores.ECE)
	}
	return t.Flush()
}

// %% Referral: the tumours with the least certain answers go to a doctor.

// left returns the share of errors among the remaining predictions when the
// given share of them, the least certain, is referred.
func left(predictions []prediction, share float64) float64 {
	sorted := slices.Clone(predictions)
	slices.SortStableFunc(sorted, func(a, b prediction) int { return cmp.Compare(b.Entropy, a.Entropy) })
	rest := sorted[int(math.Round(share*float64(len(sorted)))):]
	wrong := 0
	for _, q := range rest {
		if q.Class() != q.Label {
			wrong++
		}
	}
	return float64(wrong) / float64(len(rest))
}

func referral(out io.Writer, said map[string][]prediction) error {
	fmt.Fprint(out, "\nErrors among the tumours that are left when the least certain ones are referred:\n")
	shares := []float64{0, 0.02, 0.05, 0.1, 0.2, 0.3}
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\t")
	for _, share := range shares {
		fmt.Fprintf(t, "%.0f %%\t", 100*share)
	}
	fmt.Fprintln(t)
	for _, name := range names {
		fmt.Fprintf(t, "%s\t", name)
		for _, share := range shares {
			fmt.Fprintf(t, "%.2f %%\t", 100*left(said[name], share))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// %% The ten most doubtful tumours, over all repeats.

func (s *settings) doubts(out io.Writer, table *datasets.Table, said []prediction) error {
	type doubt struct {
		tumour                         int
		malignant, entropy, mutualInfo float64
	}
	doubts := make([]doubt, table.Len())
	for _, q := range said {
		of := &doubts[q.tumour]
		of.tumour = q.tumour
		of.malignant += q.Mean[wdbc.Malignant] / float64(s.Repeats)
		of.entropy += q.Entropy / float64(s.Repeats)
		of.mutualInfo += q.MutualInformation() / float64(s.Repeats)
	}
	slices.SortStableFunc(doubts, func(a, b doubt) int { return cmp.Compare(b.entropy, a.entropy) })
	fmt.Fprint(out, "\nThe first to be referred (Monte Carlo dropout, uncertainty in nats):\n")
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "tumour\ttruth\tP(malignant)\tuncertainty\tof the model\t")
	for _, q := range doubts[:10] {
		fmt.Fprintf(t, "%d\t%s\t%.2f\t%.3f\t%.3f\t\n", q.tumour, table.Classes[table.Y[q.tumour]], q.malignant, q.entropy, q.mutualInfo)
	}
	return t.Flush()
}

// %% Plots.

func (s *settings) plot(out io.Writer, said map[string][]prediction) error {
	fmt.Fprintln(out)
	var curves []report.Predictions
	referred := report.Chart{Title: "Errors left by share of tumours referred", X: "referred (%)", Y: "error of the rest (%)"}
	for k, name := range names {
		curve := report.Predictions{Name: name, Classes: 2}
		for _, q := range said[name] {
			curve.Probabilities = append(curve.Probabilities, float32(q.Mean[0]), float32(q.Mean[1]))
			curve.Labels = append(curve.Labels, q.Label)
		}
		curves = append(curves, curve)
		line := report.Series{Name: name, Color: k, NoDots: true}
		for percent := range 41 {
			line.X, line.Y = append(line.X, float64(percent)), append(line.Y, 100*left(said[name], float64(percent)/100))
		}
		referred.Series = append(referred.Series, line)
	}
	var entropy []float64
	var correct []bool
	for _, q := range said[sampled] {
		entropy, correct = append(entropy, q.Entropy), append(correct, q.Class() == q.Label)
	}
	for _, plot := range []struct {
		name string
		draw func() (*report.Figure, error)
	}{
		{"calibration", func() (*report.Figure, error) { return report.Calibration(curves...) }},
		{"uncertainty", func() (*report.Figure, error) { return report.Uncertainty(entropy, correct) }},
		{"referral", referred.Figure},
	} {
		f, err := plot.draw()
		if err != nil {
			return err
		}
		if err := report.SavePNG(out, s.Out, plot.name, f); err != nil {
			return err
		}
	}
	return nil
}
