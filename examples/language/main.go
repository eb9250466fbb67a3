// Language foretells the next character of Newton's "Opticks" with an LSTM and a
// Transformer, each without and with dropout.
//
//	go run ./examples/language                            under three minutes
//	go run ./examples/language -characters 0 -units 256   the whole book, for a night
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"text/tabwriter"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/opticks"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
	"github.com/gorgonia-dropout/dropout/training/experiment"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

type settings struct {
	characters, tested int
	length, units      int
	p                  float64
	epochs, seeds      int
	seed               uint64
	dir                string
}

func main() {
	var s settings
	flag.IntVar(&s.characters, "characters", 10000, "characters to learn from, of the 510,334 at the beginning; 0 is all")
	flag.IntVar(&s.tested, "tested", 4000, "characters to validate and to test on, of 28,352 each; 0 is all")
	flag.IntVar(&s.length, "length", 32, "characters of a window")
	flag.IntVar(&s.units, "units", 64, "units of the LSTM, and width of the Transformer")
	flag.Float64Var(&s.p, "p", 0.2, "drop probability")
	flag.IntVar(&s.epochs, "epochs", 40, "passes over the training text")
	flag.IntVar(&s.seeds, "seeds", 1, "runs of each way")
	flag.Uint64Var(&s.seed, "seed", 1, "the first seed")
	flag.StringVar(&s.dir, "out", "", "directory for the plot; by default a temporary one")
	flag.Parse()
	fmt.Println(blas.Use(2))
	if err := run(context.Background(), s, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings, out io.Writer) error {
	start := time.Now()

	// %% Data: the beginning of the book to learn from, parts of its end to validate
	// and to test on, all in windows whose labels are the characters that follow.
	book, err := opticks.Load(s.length)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		windows *datasets.Windows
		most    int
	}{{book.Train, s.characters}, {book.Validation, s.tested}, {book.Test, s.tested}} {
		w := part.windows
		if part.most > 0 {
			w.IDs = w.IDs[:min(part.most, len(w.IDs))]
		}
		if w.Len() == 0 {
			return errors.Errorf("language: want parts of more than %d characters, got %d", s.length, len(w.IDs))
		}
	}
	data := training.Data{Train: book.Train, Validation: book.Validation, Test: book.Test}

	// %% Two networks. Each run ends with the parameters of the epoch that was best
	// on the validation text, so that no way suffers for having been trained longer
	// than is good for it.
	size := book.Vocabulary.Size()
	lstm := func(p float64) models.Layer {
		return models.LSTMLanguageModel{
			Vocabulary: size, Width: s.units / 2,
			LSTM: models.LSTM{Units: s.units, WeightDrop: p}, OutputDropout: p,
		}
	}
	transformer := func(p float64) models.Layer {
		return models.TransformerLanguageModel{
			Vocabulary: size, Context: s.length, Width: s.units, Blocks: 2,
			Block:            models.TransformerBlock{Heads: 4, AttentionDropout: p, HiddenDropout: p, ResidualDropout: p},
			EmbeddingDropout: p,
		}
	}
	way := func(name string, net models.Layer, lr float64) experiment.Arm {
		return experiment.Arm{Name: name, New: func(seed uint64) (*training.Trainer, training.Data, error) {
			m, err := models.New(net, book.Train.InputShape(), models.WithSeed(seed))
			if err != nil {
				return nil, data, err
			}
			const batch = 8
			t := &training.Trainer{
				Model: m, Solver: &optim.Adam{Regularization: optim.Regularization{ClipNorm: 1}},
				Epochs: s.epochs, BatchSize: batch, Seed: seed, EvalBatch: 64,
				Callbacks: []training.Callback{training.EarlyStopping(max(1, s.epochs/2))},
			}
			t.Schedule = optim.Cosine{Initial: lr, Steps: int64(s.epochs * ((book.Train.Len() + batch - 1) / batch))}
			return t, data, nil
		}}
	}
	pairs := [][2]experiment.Arm{
		{way("LSTM", lstm(0), 0.005), way("LSTM with dropout", lstm(s.p), 0.005)},
		{way("Transformer", transformer(0), 0.002), way("Transformer with dropout", transformer(s.p), 0.002)},
	}

	// %% Training.
	seeds := make([]uint64, s.seeds)
	for i := range seeds {
		seeds[i] = s.seed + uint64(i)
	}
	results, err := experiment.Run(ctx, append(pairs[0][:], pairs[1][:]...), seeds, 2, nil)
	if err != nil {
		return err
	}

	// %% Bits per character: what it takes, on average, to write down the next one
	// with the probabilities of the network.
	fmt.Fprintf(out, "%d characters to learn from, %d to test on, in windows of %d; %d kinds; p %v; %d seed(s).\n\n",
		len(book.Train.IDs), len(book.Test.IDs), s.length, size, s.p, s.seeds)
	bits := func(name string, of func(*training.History) *training.Metrics) experiment.Measure {
		return experiment.Measure{Name: name, Of: func(r experiment.Result) float64 { return opticks.Bits(of(r.History).NLL) }}
	}
	train := bits("training", func(h *training.History) *training.Metrics { return h.Train })
	validation := bits("validation", func(h *training.History) *training.Metrics { return h.Validation })
	test := bits("test", func(h *training.History) *training.Metrics { return h.Test })
	measures := []experiment.Measure{train, validation, test}
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "bits per character\t")
	for _, m := range measures {
		fmt.Fprintf(t, "%s\t", m.Name)
	}
	fmt.Fprintln(t, "epochs\t")
	for _, pair := range pairs {
		for _, a := range pair {
			fmt.Fprintf(t, "%s\t", a.Name)
			for _, m := range measures {
				fmt.Fprintf(t, "%.3f\t", experiment.Mean(results, a.Name, m).Mean)
			}
			epochs := experiment.Mean(results, a.Name, experiment.Measure{Of: func(r experiment.Result) float64 { return float64(len(r.History.Epochs)) }})
			fmt.Fprintf(t, "%.0f\t\n", epochs.Mean)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, pair := range pairs {
		d := experiment.Difference(results, pair[1].Name, pair[0].Name, test)
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

	// %% The plot: bits per character of the validation text by epoch.
	dir := s.dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "language-"); err != nil {
			return err
		}
	}
	curves, err := report.LearningCurves(results, report.Curve{
		Name: "validation bits per character", Of: func(e training.Epoch) float64 { return opticks.Bits(e.Validation.NLL) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out)
	if err := report.SavePNG(out, dir, "bits", curves); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThis took %v.\n", time.Since(start).Round(time.Second))
	return nil
}
