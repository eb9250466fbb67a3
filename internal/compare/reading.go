package compare

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// A Reading says how well the network predicts the characters of a text.
type Reading struct {
	Characters []rune
	// NLL is the negative log-likelihood of each character given those before it, and
	// Disagreement the mutual information of its prediction with the network, in nats. Both
	// are NaN for the first character and for those that the network has never seen.
	NLL, Disagreement []float64
	Likeliest         []rune       // the most probable character at each place, 0 where NLL is NaN
	Unknown           map[rune]int // characters it has never seen, with how often
}

const (
	readBatch = 16
	// firstPass is the step of the first pass, which training never reaches.
	firstPass = 1 << 62
)

// characters returns the numbers of characters.
func (f *Final) characters() (map[rune]int, error) {
	ids := make(map[rune]int)
	for id, name := range f.Names {
		c, size := utf8.DecodeRuneInString(name)
		if size != len(name) || size == 0 {
			return nil, errors.Errorf("compare: Read: name %d must be a character, got %q", id, name)
		}
		ids[c] = id
	}
	if f.Kind != Text || len(f.Input) != 1 || f.Input[0] < 2 || len(ids) != f.Outputs {
		return nil, errors.Errorf("compare: Read: must be a network of text for %d characters, got %s with %d", len(ids), f.Kind, f.Outputs)
	}
	return ids, nil
}

// Read reads a text with a number of passes of Monte Carlo dropout. The network sees windows
// that overlap by half, so that each character but those at the beginning is predicted by
// half a window before it, at least. A character that it has never seen is a space to it.
func (f *Final) Read(ctx context.Context, text string, passes int) (*Reading, error) {
	ids, err := f.characters()
	if err != nil {
		return nil, err
	}
	r := &Reading{Characters: []rune(text), Unknown: make(map[rune]int)}
	r.Likeliest = make([]rune, len(r.Characters))
	known := make([]int, len(r.Characters)) // -1 for none
	seen := make([]float32, len(r.Characters))
	names := []rune(strings.Join(f.Names, ""))
	for i, c := range r.Characters {
		id, ok := ids[c]
		if !ok {
			r.Unknown[c]++
			known[i] = -1
			id = ids[' ']
		} else {
			known[i] = id
		}
		seen[i] = float32(id)
		r.NLL, r.Disagreement = append(r.NLL, math.NaN()), append(r.Disagreement, math.NaN())
	}
	mode := models.Sample
	if passes == 0 || f.Arm == Without {
		mode, passes = models.Eval, 1
	}
	program, err := f.Model.Compile(mode, readBatch)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	length := f.Input[0]
	stride := length / 2
	windows := 1 + max(0, (len(seen)-1-length+stride-1)/stride)
	row := make([]float64, length*f.Outputs)
	logits := make([][][]float64, readBatch*length) // of each place the passes
	for from := 0; from < windows; from += readBatch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		clear(program.Inputs())
		for k := range min(readBatch, windows-from) {
			copy(program.Inputs()[k*length:(k+1)*length], seen[(from+k)*stride:])
		}
		for i := range logits {
			logits[i] = logits[i][:0]
		}
		for pass := range passes {
			program.Graph().SetStep(firstPass + int64(from)*int64(passes) + int64(pass))
			if err := program.Run(nil); err != nil {
				return nil, err
			}
			for k := range min(readBatch, windows-from) {
				if err := program.Row(k, row); err != nil {
					return nil, err
				}
				for t := range length {
					logits[k*length+t] = append(logits[k*length+t], append([]float64(nil), row[t*f.Outputs:(t+1)*f.Outputs]...))
				}
			}
		}
		for k := range min(readBatch, windows-from) {
			first := stride
			if from+k == 0 {
				first = 0
			}
			for t := first; t < length; t++ {
				at := (from+k)*stride + t + 1
				if at >= len(known) || known[at] < 0 {
					continue
				}
				p, err := uncertainty.FromLogits(known[at], logits[k*length+t])
				if err != nil {
					return nil, err
				}
				r.NLL[at], r.Disagreement[at] = -math.Log(max(p.Mean[known[at]], smallest)), p.MutualInformation()
				r.Likeliest[at] = names[top(p.Mean)]
			}
		}
	}
	return r, nil
}

// Between returns the number of characters from place to place that were predicted, and
// their mean NLL and disagreement.
func (r *Reading) Between(from, to int) (n int, nll, disagreement float64) {
	for i := from; i < to; i++ {
		if !math.IsNaN(r.NLL[i]) {
			n++
			nll += r.NLL[i]
			disagreement += r.Disagreement[i]
		}
	}
	return n, nll / float64(n), disagreement / float64(n)
}

// Continue returns n more characters after a text, drawn from the predictions by a seed. A
// temperature below 1 prefers what is likely.
func (f *Final) Continue(ctx context.Context, text string, n int, temperature float64, seed uint64) (string, error) {
	ids, err := f.characters()
	if err != nil {
		return "", err
	}
	length := f.Input[0]
	var seen []float32
	for _, c := range text {
		id, ok := ids[c]
		if !ok {
			id = ids[' ']
		}
		seen = append(seen, float32(id))
	}
	if len(seen) == 0 {
		return "", errors.New("compare: Continue: text must have a character, got none")
	}
	program, err := f.Model.Compile(models.Eval, 1)
	if err != nil {
		return "", err
	}
	defer program.Close()
	random := rand.New(rand.NewPCG(seed, 0))
	row := make([]float64, length*f.Outputs)
	more := ""
	for range n {
		if err := ctx.Err(); err != nil {
			return more, err
		}
		// What comes after the last character does not change its prediction.
		last := seen[max(0, len(seen)-length):]
		clear(program.Inputs())
		copy(program.Inputs(), last)
		if err := program.Run(nil); err != nil {
			return more, err
		}
		if err := program.Row(0, row); err != nil {
			return more, err
		}
		logits := row[(len(last)-1)*f.Outputs : len(last)*f.Outputs]
		for k := range logits {
			logits[k] /= temperature
		}
		p, err := uncertainty.FromLogits(0, [][]float64{logits})
		if err != nil {
			return more, err
		}
		id, x := 0, random.Float64()
		for id < len(p.Mean)-1 && x >= p.Mean[id] {
			x -= p.Mean[id]
			id++
		}
		seen = append(seen, float32(id))
		more += f.Names[id]
	}
	return more, nil
}
