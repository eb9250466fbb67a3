package training_test

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

func submatrixModel(t testing.TB, opts ...models.Option) *models.Model {
	t.Helper()
	m, err := models.New(models.MLP{Inputs: 2, Hidden: []int{16, 12}, Outputs: 3, HiddenDropout: 0.5, Submatrix: true}, []int{2}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// frozen is momentum for the elements that the masks of a step keep; others stay
// as they are. It is what Submatrix means, on whole gradients.
type frozen struct {
	t        *testing.T
	step     int64
	velocity [][]float64
}

func (f *frozen) Step(model []gorgonia.ValueGrad) error {
	kept := func(layer uint32, n int) []int {
		units, err := ops.KeptUnits(9, layer, f.step, n, n/2)
		if err != nil {
			f.t.Fatal(err)
		}
		return units
	}
	first, second := kept(2, 16), kept(3, 12)
	blocks := [][2][]int{{nil, first}, {nil, first}, {first, second}, {nil, second}, {second, nil}, {nil, nil}}
	for i, p := range model {
		grad, err := p.Grad()
		if err != nil {
			return err
		}
		w, g := p.Value().Data().([]float64), grad.Data().([]float64)
		if len(w) != len(g) {
			f.t.Fatalf("a solver that knows no blocks got %d gradients for %d weights", len(g), len(w))
		}
		if len(f.velocity) == i {
			f.velocity = append(f.velocity, make([]float64, len(w)))
		}
		shape := p.Value().Shape()
		cols := shape[len(shape)-1]
		for j := range w {
			in := func(units []int, k int) bool { return units == nil || slices.Contains(units, k) }
			if v := f.velocity[i]; in(blocks[i][0], j/cols) && in(blocks[i][1], j%cols) {
				v[j] = 0.9*v[j] + g[j]
				w[j] -= 0.1 * v[j]
			}
		}
	}
	f.step++
	return nil
}

// Thinned training is that of the whole network in which nothing but the kept units
// is updated.
func TestSubmatrixTraining(t *testing.T) {
	data := training.Data{Train: blobs(150, 1)}
	opts := []models.Option{models.WithDtype(tensor.Float64), models.WithSeed(9)}
	run := func(solver gorgonia.Solver) *models.Model {
		m := submatrixModel(t, opts...)
		fit(t, &training.Trainer{Model: m, Solver: solver, Epochs: 4, BatchSize: 32, Seed: 1}, data)
		return m
	}
	thin, whole := run(&optim.SGD{LR: 0.1, Momentum: 0.9}).Params(), run(&frozen{t: t}).Params()
	for i, p := range whole {
		got := thin[i].Value().Float64s()
		for j, want := range p.Value().Float64s() {
			if !(math.Abs(got[j]-want) <= 1e-9*max(1, math.Abs(want))) {
				t.Fatalf("element %d of %s is %v, want %v", j, p.Name(), got[j], want)
			}
		}
	}
}

func TestSubmatrixLearns(t *testing.T) {
	data := training.Data{Train: blobs(300, 1), Test: blobs(100, 3)}
	for _, solver := range []gorgonia.Solver{
		&optim.SGD{LR: 0.05, Momentum: 0.9, Regularization: optim.Regularization{MaxNorm: 3, ClipNorm: 5, WeightDecay: 1e-4}},
		&optim.Adam{LR: 0.01}, &optim.AdamW{LR: 0.01}, &optim.RMSProp{LR: 0.005}, &optim.AdaGrad{LR: 0.05},
	} {
		tr := &training.Trainer{Model: submatrixModel(t), Solver: solver, Epochs: 10, BatchSize: 32, Seed: 1}
		if h := fit(t, tr, data); h.Test.Accuracy() < 0.9 {
			t.Errorf("%T: accuracy %v, want 0.9", solver, h.Test.Accuracy())
		}
	}
}

// A step takes little memory beyond what the program keeps.
func TestSubmatrixAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool drop memory at random")
	}
	m, err := models.New(models.MLP{Inputs: 784, Hidden: []int{512, 512}, Outputs: 10, InputDropout: 0.2, HiddenDropout: 0.5, Submatrix: true}, []int{784})
	if err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	least := uint64(math.MaxUint64)
	measure := training.Callback{OnStep: func(*training.Run) error {
		runtime.ReadMemStats(&now)
		if before.TotalAlloc > 0 {
			least = min(least, now.TotalAlloc-before.TotalAlloc)
		}
		runtime.ReadMemStats(&before)
		return nil
	}}
	fit(t, &training.Trainer{
		Model: m, Solver: &optim.SGD{LR: 0.01, Momentum: 0.9}, Epochs: 1, BatchSize: 32, Callbacks: []training.Callback{measure},
	}, training.Data{Train: images(32 * 8)})
	if least > 64<<10 {
		t.Errorf("a step takes %d bytes, want at most %d", least, 64<<10)
	}
}

// images are n images of noise of 784 pixels.
func images(n int) *training.Examples {
	data := &training.Examples{Shape: []int{784}}
	for i := range n {
		for j := range 784 {
			data.X = append(data.X, float32(math.Abs(math.Sin(float64(i*784+j)))))
		}
		data.Y = append(data.Y, i%10)
	}
	return data
}

// BenchmarkSubmatrix measures a step of training 784-1024-1024-1024-10 with SGD and
// momentum on batches of 128 without dropout, with Dropout at p = 0.5 and with
// Submatrix, in turns, on Gonum and on the BLAS that is installed. It reports the
// time of the fastest epoch in each case and the share that Submatrix takes.
func BenchmarkSubmatrix(b *testing.B) {
	const batch, steps = 128, 8
	data := training.Data{Train: images(batch * steps)}
	defer gorgonia.Use(tensor.WhichBLAS())
	gonum, err := blas.Open("gonum")
	if err != nil {
		b.Fatal(err)
	}
	for _, lib := range []*blas.Implementation{gonum, blas.Find()} {
		name := "gonum"
		if lib.Library() != "" {
			name = "library"
		}
		b.Run(name, func(b *testing.B) {
			gorgonia.Use(lib)
			var trainers []*training.Trainer
			for _, net := range []models.MLP{{}, {HiddenDropout: 0.5}, {HiddenDropout: 0.5, Submatrix: true}} {
				net.Inputs, net.Hidden, net.Outputs = 784, []int{1024, 1024, 1024}, 10
				m, err := models.New(net, []int{784})
				if err != nil {
					b.Fatal(err)
				}
				trainers = append(trainers, &training.Trainer{
					Model: m, Solver: &optim.SGD{LR: 1e-3, Momentum: 0.9}, Epochs: 1, BatchSize: batch,
				})
			}
			best := slices.Repeat([]float64{math.Inf(1)}, len(trainers))
			for b.Loop() {
				for i, tr := range trainers {
					best[i] = min(best[i], fit(b, tr, data).Epochs[0].Time.Seconds())
				}
			}
			b.ReportMetric(0, "ns/op")
			for i, name := range []string{"none", "Dropout", "Submatrix"} {
				b.ReportMetric(1000*best[i]/steps, "ms-"+name)
			}
			b.ReportMetric(best[2]/best[1], "Submatrix/Dropout")
		})
	}
}
