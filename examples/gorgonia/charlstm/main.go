// Charlstm is a character-level LSTM as programs with Gorgonia write it: cells by
// hand, unrolled over time, a training loop of its own, and text sampled by the
// machine that trains. LockedDropout of package ops drops the same features of the
// characters at all times.
package main

import (
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

const text = "the light of the sun consists of rays differently refrangible. " +
	"the rays of light in going out of glass into a vacuum are bent towards the glass. "

const (
	steps    = 16 // characters that a prediction is made from
	batch    = 8
	features = 16
	hidden   = 48
)

// lstm holds the weights of a cell and of the layers around it.
type lstm struct {
	embedding, out *gorgonia.Node
	wx, wh, b      map[string]*gorgonia.Node // by gate: i, f, o, c
}

func newLSTM(g *gorgonia.ExprGraph, letters int) *lstm {
	r := rand.New(rand.NewPCG(1, 2))
	weights := func(name string, rows, cols int) *gorgonia.Node {
		backing := make([]float64, rows*cols)
		for i := range backing {
			backing[i] = r.NormFloat64() / math.Sqrt(float64(rows))
		}
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(backing)), gorgonia.WithName(name))
	}
	m := &lstm{embedding: weights("embedding", letters, features), out: weights("out", hidden, letters),
		wx: map[string]*gorgonia.Node{}, wh: map[string]*gorgonia.Node{}, b: map[string]*gorgonia.Node{}}
	for _, gate := range []string{"i", "f", "o", "c"} {
		m.wx[gate], m.wh[gate] = weights("wx"+gate, features, hidden), weights("wh"+gate, hidden, hidden)
		m.b[gate] = gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(1, hidden), tensor.Of(tensor.Float64)), gorgonia.WithName("b"+gate))
	}
	return m
}

func (m *lstm) learnables() gorgonia.Nodes {
	all := gorgonia.Nodes{m.embedding, m.out}
	for _, gate := range []string{"i", "f", "o", "c"} {
		all = append(all, m.wx[gate], m.wh[gate], m.b[gate])
	}
	return all
}

// cell returns the next states of the hidden units and the cells.
func (m *lstm) cell(x, h, c *gorgonia.Node) (nextH, nextC *gorgonia.Node) {
	must := gorgonia.Must
	gate := func(name string, activation func(*gorgonia.Node) (*gorgonia.Node, error)) *gorgonia.Node {
		sum := must(gorgonia.BroadcastAdd(must(gorgonia.Mul(x, m.wx[name])), m.b[name], nil, []byte{0}))
		return must(activation(must(gorgonia.Add(sum, must(gorgonia.Mul(h, m.wh[name]))))))
	}
	i, f, o := gate("i", gorgonia.Sigmoid), gate("f", gorgonia.Sigmoid), gate("o", gorgonia.Sigmoid)
	nextC = must(gorgonia.Add(must(gorgonia.HadamardProd(f, c)), must(gorgonia.HadamardProd(i, gate("c", gorgonia.Tanh)))))
	return must(gorgonia.HadamardProd(o, must(gorgonia.Tanh(nextC)))), nextC
}

// fwd returns the logits of the character that follows each row of ids, of
// shape (steps, batch).
func (m *lstm) fwd(g *gorgonia.ExprGraph, ids *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := nn.Embedding(m.embedding, ids)
	if err != nil {
		return nil, err
	}
	if x, err = ops.LockedDropout(x, 0.1, 0); err != nil { // time is axis 0
		return nil, err
	}
	state := func(name string) *gorgonia.Node {
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(batch, hidden), tensor.Of(tensor.Float64)), gorgonia.WithName(name))
	}
	h, c := state("h"), state("c")
	for t := range steps {
		at, err := gorgonia.Slice(x, gorgonia.S(t))
		if err != nil {
			return nil, err
		}
		h, c = m.cell(at, h, c)
	}
	if h, err = ops.Dropout(h, 0.1); err != nil { // was gorgonia.Dropout(h, 0.1)
		return nil, err
	}
	return gorgonia.Mul(h, m.out)
}

func main() {
	if err := run(os.Stdout, 400); err != nil {
		log.Fatal(err)
	}
}

// run trains for some steps, and prints what the network writes.
func run(w io.Writer, training int) error {
	letters := []rune(" abcdefghijklmnopqrstuvwxyz.")
	var codes []int
	for _, letter := range text {
		codes = append(codes, strings.IndexRune(string(letters), letter))
	}
	g := gorgonia.NewGraph()
	ids := gorgonia.NewMatrix(g, tensor.Int, gorgonia.WithShape(steps, batch), gorgonia.WithName("ids"))
	next := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(batch), gorgonia.WithName("next"))
	m := newLSTM(g, len(letters))
	logits, err := m.fwd(g, ids)
	if err != nil {
		return err
	}
	loss, err := nn.SoftmaxCrossEntropy(logits, next)
	if err != nil {
		return err
	}
	if _, err := gorgonia.Grad(loss, m.learnables()...); err != nil {
		return err
	}
	ops.Seed(g, 42)
	vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(m.learnables()...))
	defer vm.Close()
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.01))

	// feed lets row n of the batch be the characters before position at[n].
	feed := func(codes, at []int) error {
		window, labels := make([]int, steps*batch), make([]int, batch)
		for n, end := range at {
			for t := range steps {
				window[t*batch+n] = codes[end-steps+t]
			}
			if end < len(codes) {
				labels[n] = codes[end]
			}
		}
		if err := gorgonia.Let(ids, tensor.New(tensor.WithShape(steps, batch), tensor.WithBacking(window))); err != nil {
			return err
		}
		return gorgonia.Let(next, tensor.New(tensor.WithBacking(labels)))
	}
	r := rand.New(rand.NewPCG(3, 4))
	at := make([]int, batch)
	for step := range training {
		for n := range at {
			at[n] = steps + r.IntN(len(codes)-steps)
		}
		if err := feed(codes, at); err != nil {
			return err
		}
		if err := vm.RunAll(); err != nil {
			return err
		}
		if step%100 == 0 || step == training-1 {
			if _, err := fmt.Fprintf(w, "step %3d: loss %.2f\n", step, loss.Value().Data()); err != nil {
				return err
			}
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(m.learnables())); err != nil {
			return err
		}
		vm.Reset()
	}
	written := codes[:steps:steps]
	for range 60 {
		if err := feed(written, []int{len(written)}); err != nil {
			return err
		}
		// The same machine, without dropout.
		if err := ops.Inference(g, vm.RunAll); err != nil {
			return err
		}
		written = append(written, draw(logits.Value().Data().([]float64)[:len(letters)], r))
		vm.Reset()
	}
	var out strings.Builder
	for _, code := range written {
		out.WriteRune(letters[code])
	}
	_, err = fmt.Fprintln(w, out.String())
	return err
}

// draw returns an index with the probabilities of the logits at temperature 1/2.
func draw(logits []float64, r *rand.Rand) int {
	var sum float64
	weights := make([]float64, len(logits))
	for k, v := range logits {
		weights[k] = math.Exp(2 * v)
		sum += weights[k]
	}
	u := r.Float64() * sum
	for k, w := range weights {
		if u -= w; u < 0 {
			return k
		}
	}
	return len(logits) - 1
}
