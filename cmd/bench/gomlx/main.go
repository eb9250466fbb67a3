// Command gomlx times training steps of GoMLX's pure-Go backend for cmd/bench. It
// is a module of its own, so that GoMLX is no dependency of the library.
//
// It obeys the protocol of cmd/bench: the argument is the name of a case; each
// line "run 250" on the standard input asks for 250 milliseconds of steps and is
// answered by a line of JSON.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/layers"
	"github.com/gomlx/gomlx/pkg/ml/layers/activations"
	"github.com/gomlx/gomlx/pkg/ml/train"
	"github.com/gomlx/gomlx/pkg/ml/train/losses"
	"github.com/gomlx/gomlx/pkg/ml/train/optimizers"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gomlx op-1M|op-16M|mlp|cnn")
		os.Exit(2)
	}
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gomlx:", err)
		os.Exit(1)
	}
}

// answer is what cmd/bench reads.
type answer struct {
	Steps  int     `json:"steps"`
	Best   float64 `json:"best_ns"`
	Median float64 `json:"median_ns"`
	Peak   int     `json:"peak_kib"`
	About  string  `json:"about"`
}

func serve(name string) error {
	step, err := newStep(name)
	if err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		ms, err := strconv.ParseFloat(strings.TrimPrefix(in.Text(), "run "), 64)
		if err != nil {
			return err
		}
		var times []float64
		for start := time.Now(); len(times) == 0 || time.Since(start) < time.Duration(ms*1e6); {
			from := time.Now()
			if err := step(); err != nil {
				return err
			}
			times = append(times, float64(time.Since(from)))
		}
		slices.Sort(times)
		a := answer{len(times), times[0], times[len(times)/2], peak(), "GoMLX 0.26.0, backend go"}
		if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
			return err
		}
	}
	return in.Err()
}

// peak is the largest resident memory of the process so far in KiB, 0 where the
// system does not tell.
func peak() int {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}

func newStep(name string) (func() error, error) {
	backend, err := simplego.New("")
	if err != nil {
		return nil, err
	}
	ctx := context.New()
	switch name {
	case "op-1M", "op-16M":
		n := 1 << 20
		if name == "op-16M" {
			n = 1 << 24
		}
		return func() func() error {
			x := tensors.FromFlatDataAndDimensions(pixels(n), n)
			exec := context.MustNewExec(backend, ctx, func(ctx *context.Context, x *graph.Node) *graph.Node {
				ctx.SetTraining(x.Graph(), true)
				y := layers.DropoutStatic(ctx, x, 0.5)
				return graph.Gradient(graph.ReduceAllSum(y), x)[0]
			})
			return func() error {
				out, err := exec.Exec(x)
				if err != nil {
					return err
				}
				for _, t := range out {
					t.FinalizeAll()
				}
				return nil
			}
		}(), nil
	case "mlp":
		return trainer(train.NewTrainer(backend, ctx, mlp, losses.SparseCategoricalCrossEntropyLogits,
			optimizers.StochasticGradientDescent().WithDecay(false).WithLearningRate(0.01), nil, nil), 128, 784), nil
	case "cnn":
		return trainer(train.NewTrainer(backend, ctx, cnn, losses.SparseCategoricalCrossEntropyLogits,
			optimizers.StochasticGradientDescent().WithDecay(false).WithLearningRate(0.01), nil, nil), 64, 28, 28, 1), nil
	}
	return nil, fmt.Errorf("no case is called %q", name)
}

// trainer returns a training step on one batch.
func trainer(t *train.Trainer, batch int, example ...int) func() error {
	size := batch
	for _, d := range example {
		size *= d
	}
	y := make([]int32, batch)
	for i := range y {
		y[i] = int32(i % 10)
	}
	x, labels := pixels(size), tensors.FromFlatDataAndDimensions(y, batch, 1)
	return func() error {
		in := tensors.FromFlatDataAndDimensions(x, append([]int{batch}, example...)...)
		_, err := t.TrainStep(nil, []*tensors.Tensor{in}, []*tensors.Tensor{labels})
		return err
	}
}

// pixels returns numbers four in five of which are 0, as in images of digits.
func pixels(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	for i := range x {
		if r.IntN(5) == 0 {
			x[i] = r.Float32()
		}
	}
	return x
}

func mlp(ctx *context.Context, _ any, in []*graph.Node) []*graph.Node {
	x := in[0]
	for i := range 3 {
		x = layers.Dense(ctx.Inf("dense%d", i), x, true, 1024)
		x = layers.DropoutStatic(ctx, activations.Relu(x), 0.5)
	}
	return []*graph.Node{layers.Dense(ctx.In("out"), x, true, 10)}
}

func cnn(ctx *context.Context, _ any, in []*graph.Node) []*graph.Node {
	x := in[0]
	for i, filters := range []int{32, 64} {
		x = layers.Convolution(ctx.Inf("conv%d", i), x).Channels(filters).KernelSize(3).PadSame().Done()
		x = graph.MaxPool(activations.Relu(x)).Window(2).Done()
		x = layers.DropoutStatic(ctx, x, 0.25)
	}
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	x = layers.Dense(ctx.In("dense"), x, true, 128)
	x = layers.DropoutStatic(ctx, activations.Relu(x), 0.5)
	return []*graph.Node{layers.Dense(ctx.In("out"), x, true, 10)}
}
