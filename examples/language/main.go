// Language predicts the next character of Newton's "Opticks" with an LSTM and a
// Transformer, each without and with dropout.
//
//	go run ./examples/language                              under three minutes
//	go run ./examples/language --characters 0 --units 256   the whole book, for a night
package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/opticks"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/schedule"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

type settings struct {
	Characters int     `default:"10000" help:"Training characters, of the 510,334 at the beginning; 0 for all."`
	Tested     int     `default:"4000" help:"Characters to validate and to test on, of 28,352 each; 0 for all."`
	Length     int     `default:"32" help:"Characters of a window."`
	Units      int     `default:"64" help:"Units of the LSTM, and width of the Transformer."`
	P          float64 `short:"p" default:"0.2" help:"Drop probability."`
	Epochs     int     `default:"40" help:"Passes over the training text."`
	Seeds      int     `default:"1" help:"Runs of each way."`
	Seed       uint64  `default:"1" help:"The first seed."`
	Out        string  `default:"runs/language" help:"Directory for the plot." type:"path"`
}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "language", Description: "Predict the next character of a book with an LSTM and a Transformer, without and with dropout.", Grammar: &settings{}}
}

// Run goes through the cells below, from the data to the plot.
func (s *settings) Run(ctx context.Context, to *cmdline.Console) error {
	start := time.Now()
	to.Logf("%s", blas.Use(2))
	book, err := s.data()
	if err != nil {
		return err
	}
	pairs := s.networks(book)
	results, err := experiment.Run(ctx, append(pairs[0][:], pairs[1][:]...), experiment.Seeds(s.Seed, s.Seeds), 2, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "%d characters for training, %d for testing, in windows of %d; %d kinds; p %v; %d seed(s).\n\n",
		len(book.Train.IDs), len(book.Test.IDs), s.Length, book.Vocabulary.Size(), s.P, s.Seeds)
	if err := tabulate(to.Out, results, pairs); err != nil {
		return err
	}
	compare(to.Out, results, pairs)
	if err := s.plot(to.Out, results); err != nil {
		return err
	}
	fmt.Fprintf(to.Out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}

// %% Data: the beginning of the book for training, parts of its end for
// validation and testing, all in windows whose labels are the characters that
// follow.

func (s *settings) data() (*opticks.Parts, error) {
	book, err := opticks.Load(s.Length)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		windows *datasets.Windows
		most    int
	}{{book.Train, s.Characters}, {book.Validation, s.Tested}, {book.Test, s.Tested}} {
		w := part.windows
		if part.most > 0 {
			w.IDs = w.IDs[:min(part.most, len(w.IDs))]
		}
		if w.Len() == 0 {
			return nil, errors.Errorf("language: want parts of more than %d characters, got %d", s.Length, len(w.IDs))
		}
	}
	return book, nil
}

// %% Training. Each run ends with the parameters of its best epoch on the
// validation text, so that training too long does no harm.

func (s *settings) arm(book *opticks.Parts, name string, net models.Layer, lr float64) experiment.Arm {
	data := training.Data{Train: book.Train, Validation: book.Validation, Test: book.Test}
	return experiment.Arm{Name: name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
		m, err := models.New(net, book.Train.InputShape(), models.WithSeed(seed))
		if err != nil {
			return nil, data, err
		}
		const batch = 8
		t := &training.Trainer{
			Model: m, Solver: &optim.Adam{Regularization: optim.Regularization{ClipNorm: 1}},
			Epochs: s.Epochs, BatchSize: batch, Seed: seed, EvalBatch: 64,
			Callbacks: []training.Callback{training.EarlyStopping(max(1, s.Epochs/2))},
		}
		t.LR = schedule.Cosine{Initial: lr, Steps: int64(s.Epochs * ((book.Train.Len() + batch - 1) / batch))}
		return t, data, nil
	}}
}

// %% Two networks, each without and with dropout.

func (s *settings) networks(book *opticks.Parts) [][2]experiment.Arm {
	size := book.Vocabulary.Size()
	lstm := func(p float64) models.Layer {
		return models.LSTMLanguageModel{
			Vocabulary: size, Width: s.Units / 2,
			LSTM: models.LSTM{Units: s.Units, WeightDrop: p}, OutputDropout: p,
		}
	}
	transformer := func(p float64) models.Layer {
		return models.TransformerLanguageModel{
			Vocabulary: size, Context: s.Length, Width: s.Units, Blocks: 2,
			Block:            models.TransformerBlock{Heads: 4, AttentionDropout: p, HiddenDropout: p, ResidualDropout: p},
			EmbeddingDropout: p,
		}
	}
	return [][2]experiment.Arm{
		{s.arm(book, "LSTM", lstm(0), 0.005), s.arm(book, "LSTM with dropout", lstm(s.P), 0.005)},
		{s.arm(book, "Transformer", transformer(0), 0.002), s.arm(book, "Transformer with dropout", transformer(s.P), 0.002)},
	}
}

// %% Bits per character: the average length of a code for the next character
// that uses the network's probabilities.

func bits(name string, of func(*training.History) *training.Metrics) experiment.Measure {
	return experiment.Measure{Name: name, Of: func(r experiment.Result) float64 { return opticks.Bits(of(r.History).NLL) }}
}

var (
	trainBits      = bits("training", func(h *training.History) *training.Metrics { return h.Train })
	validationBits = bits("validation", func(h *training.History) *training.Metrics { return h.Validation })
	testBits       = bits("test", func(h *training.History) *training.Metrics { return h.Test })
)

func tabulate(out io.Writer, results []experiment.Result, pairs [][2]experiment.Arm) error {
	measures := []experiment.Measure{trainBits, validationBits, testBits}
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "bits per character\t")
	for _, m := range measures {
		fmt.Fprintf(t, "%s\t", m.Name)
	}
	fmt.Fprintln(t, "epochs\t")
	epochs := experiment.Measure{Of: func(r experiment.Result) float64 { return float64(len(r.History.Epochs)) }}
	for _, pair := range pairs {
		for _, a := range pair {
			fmt.Fprintf(t, "%s\t", a.Name)
			for _, m := range measures {
				fmt.Fprintf(t, "%.3f\t", experiment.Mean(results, a.Name, m).Mean)
			}
			fmt.Fprintf(t, "%.0f\t\n", experiment.Mean(results, a.Name, epochs).Mean)
		}
	}
	return t.Flush()
}

// %% What dropout did.

func compare(out io.Writer, results []experiment.Result, pairs [][2]experiment.Arm) {
	fmt.Fprintln(out)
	for _, pair := range pairs {
		d := experiment.Difference(results, pair[1].Name, pair[0].Name, testBits)
		what := "Dropout saved"
		if d.Mean > 0 {
			what = "Dropout cost"
		}
		fmt.Fprintf(out, "%s: %s %.3f bits per character on the test text", pair[0].Name, what, max(d.Mean, -d.Mean))
		if low, high := d.Interval(0.95); d.N > 1 {
			fmt.Fprintf(out, " (95 %% interval of the difference %+.3f to %+.3f)", low, high)
		} else {
			fmt.Fprint(out, "; one seed says nothing about the noise")
		}
		fmt.Fprintln(out, ".")
	}
}

// %% The plot: bits per character on the validation text by epoch.

func (s *settings) plot(out io.Writer, results []experiment.Result) error {
	curves, err := report.LearningCurves(results, report.Curve{
		Name: "validation bits per character", Of: func(e training.Epoch) float64 { return opticks.Bits(e.Validation.NLL) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	return report.SavePNG(out, s.Out, "bits", curves)
}
