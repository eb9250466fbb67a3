// Convnet is a convolutional network as programs with Gorgonia write it: layers by
// hand, a training loop of its own, Gorgonia's solver, and the machine that trains
// also predicts. The dropouts and what they need are from package ops.
package main

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/nn"
	"github.com/gorgonia-dropout/dropout/ops"
)

const batch = 50

type convnet struct {
	g      *gorgonia.ExprGraph
	w0, w1 *gorgonia.Node // filters
	w2, w3 *gorgonia.Node // of the fully connected layers
	d0, d1 float64        // probabilities to drop, after the filters and before the last layer

	out *gorgonia.Node
}

func newConvnet(g *gorgonia.ExprGraph) *convnet {
	weights := func(name string, shape ...int) *gorgonia.Node {
		// Seeded, so that each run is the same, as it is with the masks.
		r := rand.New(rand.NewPCG(1, uint64(len(name)+shape[0])))
		backing := make([]float32, tensor.Shape(shape).TotalSize())
		for i := range backing {
			backing[i] = float32(r.NormFloat64()) * 0.1
		}
		return gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing)), gorgonia.WithName(name))
	}
	return &convnet{
		g:  g,
		w0: weights("w0", 8, 1, 3, 3), w1: weights("w1", 16, 8, 3, 3),
		w2: weights("w2", 16*7*7, 64), w3: weights("w3", 64, 10),
		d0: 0.1, d1: 0.4,
	}
}

func (m *convnet) learnables() gorgonia.Nodes { return gorgonia.Nodes{m.w0, m.w1, m.w2, m.w3} }

func (m *convnet) fwd(x *gorgonia.Node) (err error) {
	h := x
	for i, w := range []*gorgonia.Node{m.w0, m.w1} {
		if h, err = gorgonia.Conv2d(h, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}); err != nil {
			return err
		}
		if h, err = gorgonia.Rectify(h); err != nil {
			return err
		}
		if h, err = gorgonia.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}); err != nil {
			return err
		}
		if i == 0 { // whole maps: was gorgonia.Dropout(h, m.d0)
			if h, err = ops.Dropout2d(h, m.d0); err != nil {
				return err
			}
		}
	}
	if h, err = gorgonia.Reshape(h, tensor.Shape{batch, 16 * 7 * 7}); err != nil {
		return err
	}
	if h, err = gorgonia.Mul(h, m.w2); err != nil {
		return err
	}
	if h, err = gorgonia.Rectify(h); err != nil {
		return err
	}
	if h, err = ops.Dropout(h, m.d1); err != nil { // was gorgonia.Dropout(h, m.d1)
		return err
	}
	m.out, err = gorgonia.Mul(h, m.w3)
	return err
}

func main() {
	if err := run(os.Stdout, 1000, 500, 3); err != nil {
		log.Fatal(err)
	}
}

// run trains on some images for some epochs and tests on others.
func run(w io.Writer, images, tests, epochs int) error {
	train, test, err := embedded.Load()
	if err != nil {
		return err
	}
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(batch, 1, 28, 28), gorgonia.WithName("x"))
	y := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(batch), gorgonia.WithName("y"))
	m := newConvnet(g)
	if err := m.fwd(x); err != nil {
		return err
	}
	loss, err := nn.SoftmaxCrossEntropy(m.out, y)
	if err != nil {
		return err
	}
	if _, err := gorgonia.Grad(loss, m.learnables()...); err != nil {
		return err
	}
	ops.Seed(g, 42)
	vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(m.learnables()...))
	defer vm.Close()
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.003))

	pixels, labels := make([]float32, batch*28*28), make([]int, batch)
	feed := func(set *mnist.Set, first int) error {
		indices := make([]int, batch)
		for i := range indices {
			indices[i] = first + i
		}
		if err := set.Gather(indices, pixels, labels); err != nil {
			return err
		}
		if err := gorgonia.Let(x, tensor.New(tensor.WithShape(batch, 1, 28, 28), tensor.WithBacking(pixels))); err != nil {
			return err
		}
		return gorgonia.Let(y, tensor.New(tensor.WithBacking(labels)))
	}
	for epoch := range epochs {
		for first := 0; first+batch <= images; first += batch {
			if err := feed(train, first); err != nil {
				return err
			}
			if err := vm.RunAll(); err != nil {
				return err
			}
			if err := solver.Step(gorgonia.NodesToValueGrads(m.learnables())); err != nil {
				return err
			}
			vm.Reset()
		}
		right := 0
		for first := 0; first+batch <= tests; first += batch {
			if err := feed(test, first); err != nil {
				return err
			}
			// The same machine, without dropout and without changing its masks.
			if err := ops.Inference(g, vm.RunAll); err != nil {
				return err
			}
			right += correct(m.out.Value().Data().([]float32), labels)
			vm.Reset()
		}
		if _, err := fmt.Fprintf(w, "epoch %d: %d of %d test images right\n", epoch+1, right, tests); err != nil {
			return err
		}
	}
	return nil
}

// correct counts the rows of logits whose highest is that of the label.
func correct(logits []float32, labels []int) (right int) {
	classes := len(logits) / len(labels)
	for i, label := range labels {
		best := 0
		for k, v := range logits[i*classes : (i+1)*classes] {
			if v > logits[i*classes+best] {
				best = k
			}
		}
		if best == label {
			right++
		}
	}
	return right
}
