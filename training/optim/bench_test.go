package optim_test

import (
	"testing"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/training/optim"
)

// BenchmarkStep compares solvers with Gorgonia's own on one matrix of float32.
func BenchmarkStep(b *testing.B) {
	const side = 1024
	for _, c := range []struct {
		name   string
		solver gorgonia.Solver
	}{
		{"SGD", &optim.SGD{LR: 1e-3}},
		{"SGD/momentum", &optim.SGD{LR: 1e-3, Momentum: 0.9}},
		{"SGD/nesterov", &optim.SGD{LR: 1e-3, Momentum: 0.9, Nesterov: true}},
		{"SGD/momentum+decay", &optim.SGD{LR: 1e-3, Momentum: 0.9,
			Regularization: optim.Regularization{WeightDecay: 1e-4}}},
		{"SGD/momentum+maxnorm", &optim.SGD{LR: 1e-3, Momentum: 0.9,
			Regularization: optim.Regularization{MaxNorm: 3}}},
		{"SGD/momentum+clipnorm", &optim.SGD{LR: 1e-3, Momentum: 0.9,
			Regularization: optim.Regularization{ClipNorm: 1}}},
		{"SGD/all", &optim.SGD{LR: 1e-3, Momentum: 0.9,
			Regularization: optim.Regularization{WeightDecay: 1e-4, L1: 1e-5, MaxNorm: 3, ClipValue: 1, ClipNorm: 1}}},
		{"Adam", &optim.Adam{}},
		{"AdamW", &optim.AdamW{Regularization: optim.Regularization{WeightDecay: 1e-2}}},
		{"RMSProp", &optim.RMSProp{}},
		{"AdaGrad", &optim.AdaGrad{}},
		{"stock/Vanilla", gorgonia.NewVanillaSolver()},
		{"stock/Momentum", gorgonia.NewMomentum()},
		{"stock/Adam", gorgonia.NewAdamSolver()},
		{"stock/RMSProp", gorgonia.NewRMSPropSolver()},
		{"stock/AdaGrad", gorgonia.NewAdaGradSolver()},
	} {
		b.Run(c.name, func(b *testing.B) {
			w, g := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(side, side)), make([]float32, side*side)
			for i := range g {
				g[i] = float32(i%251)/1000 - 0.125
				w.Float32s()[i] = float32(i%127)/100 - 0.5
			}
			p := &parameter{value: w, grad: tensor.New(tensor.WithShape(side, side), tensor.WithBacking(g))}
			model := []gorgonia.ValueGrad{p}
			b.SetBytes(4 * side * side)
			b.ReportAllocs()
			for b.Loop() {
				// Steps leave the gradient zero, and arithmetic on zeros is as
				// fast as on other numbers, on the denormal ones of vanishing
				// moments it is not.
				fill(g)
				if err := c.solver.Step(model); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(side*side), "ns/element")
		})
	}
}

func fill(g []float32) {
	for i := 0; i < len(g); i += 64 {
		g[i] = 0.01
	}
}

// BenchmarkTraining compares solvers by a whole step of training, forward and
// backward, of a network 784-512-512-10 on batches of 100, and reports the
// solver's share of it.
func BenchmarkTraining(b *testing.B) {
	for _, c := range []struct {
		name   string
		solver gorgonia.Solver
	}{
		{"SGD", &optim.SGD{LR: 1e-4}},
		{"SGD/momentum", &optim.SGD{LR: 1e-4, Momentum: 0.9}},
		{"Adam", &optim.Adam{LR: 1e-5}},
		{"stock/Vanilla", gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(1e-4))},
		{"stock/Adam", gorgonia.NewAdamSolver(gorgonia.WithLearnRate(1e-5))},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := gorgonia.NewGraph()
			sizes := []int{784, 512, 512, 10}
			x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName("x"), gorgonia.WithShape(100, sizes[0]),
				gorgonia.WithInit(gorgonia.Uniform(0, 1)))
			y := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName("y"), gorgonia.WithShape(100, 10),
				gorgonia.WithInit(gorgonia.Uniform(0, 1)))
			var params gorgonia.Nodes
			h := x
			for i, name := range []string{"w0", "w1", "w2"} {
				w := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName(name), gorgonia.WithShape(sizes[i], sizes[i+1]),
					gorgonia.WithInit(gorgonia.GlorotU(1)))
				params = append(params, w)
				h = gorgonia.Must(gorgonia.Mul(h, w))
				if i < 2 {
					h = gorgonia.Must(gorgonia.Rectify(h))
				}
			}
			cost := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(h, y))))))
			if _, err := gorgonia.Grad(cost, params...); err != nil {
				b.Fatal(err)
			}
			vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(params...))
			defer vm.Close()
			model := gorgonia.NodesToValueGrads(params)
			var inSolver time.Duration
			for b.Loop() {
				if err := vm.RunAll(); err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if err := c.solver.Step(model); err != nil {
					b.Fatal(err)
				}
				inSolver += time.Since(start)
				vm.Reset()
			}
			b.ReportMetric(100*float64(inSolver)/float64(b.Elapsed()), "%solver")
		})
	}
}
