package augment_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets/augment"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/metrics"
	"github.com/gorgonia-dropout/dropout/training/optim"
)

// images returns n images of two channels, whose pixels are all different.
func images(n, height, width int) *training.Examples {
	e := &training.Examples{Shape: []int{2, height, width}}
	for i := range n {
		for k := range 2 * height * width {
			e.X = append(e.X, float32(1+i*2*height*width+k))
		}
		e.Y = append(e.Y, i%3)
	}
	return e
}

// gather returns the inputs of examples.
func gather(t testing.TB, d training.Dataset, indices ...int) []float32 {
	t.Helper()
	size := 1
	for _, n := range d.InputShape() {
		size *= n
	}
	x := make([]float32, len(indices)*size)
	var y []int
	if training.FieldsOf(d).Target == nil {
		y = make([]int, len(indices))
	}
	if err := d.Gather(indices, x, y); err != nil {
		t.Fatal(err)
	}
	return x
}

// targets returns the soft labels of examples.
func targets(t testing.TB, d training.Dataset, classes int, indices ...int) []float32 {
	t.Helper()
	to := make([]float32, len(indices)*classes)
	if err := training.GatherFields(d, indices, to, nil); err != nil {
		t.Fatal(err)
	}
	return to
}

// An example depends on seed, epoch and index, and on nothing else.
func TestExamplesDependOnSeedAndEpoch(t *testing.T) {
	for _, mix := range []augment.Mix{nil, augment.Mixup{}, augment.CutMix{}} {
		make := func(seed uint64, epoch int) *augment.Dataset {
			d := &augment.Dataset{Data: images(20, 5, 4), Seed: seed, Mix: mix, Classes: 3, Transforms: []augment.Transform{
				augment.Flip{}, augment.Flip{Vertical: true}, augment.Shift{Max: 2}, augment.Cutout{Size: 2}, augment.Noise{SD: 0.5},
			}}
			d.SetEpoch(epoch)
			return d
		}
		alone := gather(t, make(1, 2), 7)
		d := make(1, 5)
		gather(t, d, 7, 3)
		d.SetEpoch(2)
		if got := gather(t, d, 3, 7, 7)[40:]; !slices.Equal(got[:40], alone) || !slices.Equal(got[40:], alone) {
			t.Errorf("%T: an example depends on the batch or on what was gathered before", mix)
		}
		for what, other := range map[string][]float32{"seed": gather(t, make(3, 2), 7), "epoch": gather(t, make(1, 3), 7), "index": gather(t, make(1, 2), 8)} {
			if slices.Equal(other, alone) {
				t.Errorf("%T: another %s gives the same example", mix, what)
			}
		}
		if mix != nil && !slices.Equal(targets(t, d, 3, 1, 7)[3:], targets(t, d, 3, 7)) {
			t.Errorf("%T: soft labels depend on the batch", mix)
		}
		if got := gather(t, d.Plain(), 7); !slices.Equal(got, images(20, 5, 4).X[7*40:8*40]) {
			t.Errorf("the plain examples must be as they are, got %v", got)
		}
	}
}

// Each image of a transform is one of those that its definition allows, and each of these occurs.
func TestTransforms(t *testing.T) {
	const h, w = 4, 5
	at := func(x []float32, row, col int) float32 {
		if row < 0 || row >= h || col < 0 || col >= w {
			return -1
		}
		return x[row*w+col]
	}
	// build makes an image, both channels alike, from where its pixels come from.
	build := func(x []float32, from func(row, col int) (int, int)) []float32 {
		var y []float32
		for c := range 2 {
			for row := range h {
				for col := range w {
					r, k := from(row, col)
					y = append(y, at(x[c*h*w:(c+1)*h*w], r, k))
				}
			}
		}
		return y
	}
	x := images(1, h, w).X
	var shifts, holes [][]float32
	for down := -2; down <= 2; down++ {
		for right := -2; right <= 2; right++ {
			shifts = append(shifts, build(x, func(row, col int) (int, int) { return row - down, col - right }))
		}
	}
	for top := -1; top < h-1; top++ {
		for left := -1; left < w-1; left++ {
			holes = append(holes, build(x, func(row, col int) (int, int) {
				if row >= top && row < top+2 && col >= left && col < left+2 {
					return -1, -1
				}
				return row, col
			}))
		}
	}
	for name, tt := range map[string]struct {
		transform augment.Transform
		want      [][]float32
	}{
		"flip":          {augment.Flip{}, [][]float32{x, build(x, func(row, col int) (int, int) { return row, w - 1 - col })}},
		"flip always":   {augment.Flip{P: 1}, [][]float32{build(x, func(row, col int) (int, int) { return row, w - 1 - col })}},
		"flip vertical": {augment.Flip{Vertical: true}, [][]float32{x, build(x, func(row, col int) (int, int) { return h - 1 - row, col })}},
		"shift":         {augment.Shift{Max: 2, Fill: -1}, shifts},
		"no shift":      {augment.Shift{}, [][]float32{x}},
		"cutout":        {augment.Cutout{Size: 2, Fill: -1}, holes},
		"no noise":      {augment.Noise{}, [][]float32{x}},
		"own": {augment.Func(func(x []float32, shape []int, _ *rand.Rand) error {
			for i := range x {
				x[i] = float32(shape[1])
			}
			return nil
		}), [][]float32{slices.Repeat([]float32{h}, 2*h*w)}},
	} {
		seen := make([]int, len(tt.want))
		d := &augment.Dataset{Data: images(1, h, w), Transforms: []augment.Transform{tt.transform}}
		const tries = 2000
		for epoch := range tries {
			d.SetEpoch(epoch)
			got := gather(t, d, 0)
			i := slices.IndexFunc(tt.want, func(w []float32) bool { return slices.Equal(w, got) })
			if i < 0 {
				t.Fatalf("%s: got %v", name, got)
			}
			seen[i]++
		}
		for i, n := range seen {
			if want := tries / len(seen); n < want/2 || n > 2*want {
				t.Errorf("%s: image %d came %d times in %d, want about %d", name, i, n, tries, want)
			}
		}
	}
}

// The smallest images, and squares, are right too.
func TestOnePixel(t *testing.T) {
	d := &augment.Dataset{Data: images(1, 1, 1), Transforms: []augment.Transform{augment.Flip{}, augment.Shift{}, augment.Flip{Vertical: true}}}
	if got := gather(t, d, 0); !slices.Equal(got, []float32{1, 2}) {
		t.Errorf("got %v", got)
	}
	d.Transforms = []augment.Transform{augment.Cutout{Size: 1, Fill: -1}}
	if got := gather(t, d, 0); !slices.Equal(got, []float32{-1, -1}) {
		t.Errorf("got %v", got)
	}
}

func TestNoise(t *testing.T) {
	d := &augment.Dataset{Data: &training.Examples{Shape: []int{1000}, X: make([]float32, 10000), Y: make([]int, 10)}, Transforms: []augment.Transform{augment.Noise{SD: 0.5}}}
	var sum, squares float64
	for _, v := range gather(t, d, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	if mean, sd := sum/1e4, math.Sqrt(squares/1e4); math.Abs(mean) > 0.02 || math.Abs(sd-0.5) > 0.02 {
		t.Errorf("noise has mean %v and standard deviation %v, want 0 and 0.5", mean, sd)
	}
}

// Inputs and soft labels are mixed with the same share, of two examples that exist.
func TestMixup(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		data := images(9, 2, 2)
		d := &augment.Dataset{Data: data, Seed: rapid.Uint64().Draw(rt, "seed"), Mix: augment.Mixup{Alpha: rapid.Float64Range(0.01, 20).Draw(rt, "alpha")}, Classes: 9}
		for i := range data.Y {
			data.Y[i] = i // so that labels tell the examples
		}
		for i := range 9 {
			x, y := gather(t, d, i), targets(t, d, 9, i)
			var want [8]float64
			var sum float64
			for k, share := range y {
				sum += float64(share)
				for j := range want {
					want[j] += float64(share) * float64(data.X[8*k+j])
				}
			}
			if math.Abs(sum-1) > 1e-6 || y[i] < 0 {
				rt.Fatalf("soft labels are %v", y)
			}
			for j := range want {
				if math.Abs(want[j]-float64(x[j])) > 1e-4 {
					rt.Fatalf("value %d is %v, want %v", j, x[j], want[j])
				}
			}
		}
	})
}

// The share is distributed as Beta(alpha, alpha): mean 1/2, variance 1/(8 alpha + 4), kurtosis
// 3 - 6/(2 alpha + 3).
func TestMixupIsBeta(t *testing.T) {
	for _, alpha := range []float64{0.1, 1, 3} {
		r := rand.New(rand.NewPCG(1, 2))
		var sum, squares, fourth float64
		const n = 300000
		for range n {
			m, err := augment.Mixup{Alpha: alpha}.Draw(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			sum += m.Share
			squares += (m.Share - 0.5) * (m.Share - 0.5)
			fourth += math.Pow(m.Share-0.5, 4)
		}
		want := 1 / (8*alpha + 4)
		if mean, variance := sum/n, squares/n; math.Abs(mean-0.5) > 0.003 || math.Abs(variance/want-1) > 0.006 {
			t.Errorf("alpha %v: mean %v, variance %v, want 0.5 and %v", alpha, mean, variance, want)
		}
		if got, want := fourth*n/squares/squares, 3-6/(2*alpha+3); math.Abs(got-want) > 0.015 {
			t.Errorf("alpha %v: kurtosis is %v, want %v", alpha, got, want)
		}
	}
}

// Each pixel is that of the example or of the other at the same place, in all channels, and
// the share is that of the pixels.
func TestCutMix(t *testing.T) {
	data := images(5, 6, 7)
	for i := range data.Y {
		data.Y[i] = i
	}
	d := &augment.Dataset{Data: data, Mix: augment.CutMix{}, Classes: 5}
	mixed := 0
	for epoch := range 100 {
		d.SetEpoch(epoch)
		for i := range 5 {
			x, y := gather(t, d, i), targets(t, d, 5, i)
			var pixels [5]float32
			for j, v := range x {
				k := (int(v) - 1) / 84
				if int(v)-1 != k*84+j {
					t.Fatalf("value %d comes from elsewhere", j)
				}
				pixels[k] += 1. / 84
				if j >= 42 && (int(x[j-42])-1)/84 != k {
					t.Fatalf("value %d: channels are of different examples", j)
				}
			}
			for k := range pixels {
				if math.Abs(float64(pixels[k]-y[k])) > 1e-5 {
					t.Fatalf("soft labels are %v, pixels %v", y, pixels)
				}
			}
			if y[i] != 1 {
				mixed++
			}
		}
	}
	if mixed < 250 {
		t.Errorf("%d of 500 images are mixed with others", mixed)
	}
}

// Numbers to predict are mixed as the inputs are.
func TestMixupOfNumbers(t *testing.T) {
	data := &training.Examples{Shape: []int{1}, X: []float32{1, 2, 3}, Targets: []float32{10, 20, 30}, TargetShape: []int{1}}
	d := &augment.Dataset{Data: data, Mix: augment.Mixup{Alpha: 1}}
	if f := d.Fields(); !reflect.DeepEqual(f, data.Fields()) {
		t.Errorf("fields are %+v", f)
	}
	x, y := make([]float32, 3), targets(t, d, 1, 0, 1, 2)
	if err := d.Gather([]int{0, 1, 2}, x, nil); err != nil {
		t.Fatal(err)
	}
	for i := range x {
		if math.Abs(float64(10*x[i]-y[i])) > 1e-4 || x[0] == 1 && x[1] == 2 && x[2] == 3 {
			t.Errorf("inputs %v have the targets %v", x, y)
		}
	}
}

// A model learns from mixed labels, and is judged by those of the validation set.
func TestFitMixed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	set := func(n int) *training.Examples {
		e := &training.Examples{Shape: []int{36}}
		for i := range n {
			for k := range 36 {
				e.X = append(e.X, float32(r.NormFloat64())*0.3+float32(k/12)*float32(i%3)/2)
			}
			e.Y = append(e.Y, i%3)
		}
		return e
	}
	for _, mix := range []augment.Mix{augment.Mixup{}, augment.CutMix{}, nil} {
		m, err := models.New(models.MLP{Inputs: 36, Hidden: []int{32}, Outputs: 3, HiddenDropout: 0.2}, []int{36})
		if err != nil {
			t.Fatal(err)
		}
		train := &augment.Dataset{Data: set(150), Mix: mix, Classes: 3, Shape: []int{6, 6}, Transforms: []augment.Transform{augment.Flip{}, augment.Noise{SD: 0.1}}}
		tr := &training.Trainer{Model: m, Solver: &optim.Adam{LR: 0.01}, Epochs: 20, BatchSize: 30, Metrics: []metrics.Metric{metrics.F1{}}}
		tr.Monitor.Metric = metrics.F1{}.Name()
		tr.Callbacks = []training.Callback{training.EarlyStopping(20)}
		h, err := tr.Fit(t.Context(), training.Data{Train: train, Validation: set(60)})
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Epochs[19].Train.Numeric; got != (mix != nil) {
			t.Errorf("%T: batches of training have soft labels: %v", mix, got)
		}
		if !(h.Validation.Accuracy() > 0.95) || !(h.Train.Accuracy() > 0.95) || h.Train.Examples != 150 || len(h.Validation.Scores) != 1 {
			t.Errorf("%T: validation %+v, training %+v", mix, h.Validation, h.Train)
		}
	}
}

func TestRejects(t *testing.T) {
	plain := images(3, 4, 4)
	weighted := &training.Examples{Shape: []int{1}, X: []float32{1, 2}, Y: []int{0, 1}, Weights: []float32{1, 2}}
	one := func(transform augment.Transform) *augment.Dataset {
		return &augment.Dataset{Data: plain, Transforms: []augment.Transform{transform}}
	}
	for _, tt := range []struct {
		data *augment.Dataset
		want string
	}{
		{one(augment.Flip{P: 1.5}), "augment: Gather: example 2: augment: Flip: P must be in [0, 1], got 1.5"},
		{one(augment.Shift{Max: -1}), "augment: Gather: example 2: augment: Shift: Max must be in [0, 2^31), got -1"},
		{one(augment.Cutout{}), "augment: Gather: example 2: augment: Cutout: Size must be positive, got 0"},
		{one(augment.Noise{SD: math.NaN()}), "augment: Gather: example 2: augment: Noise: SD must be finite and not negative, got NaN"},
		{&augment.Dataset{Data: plain, Shape: []int{32}, Transforms: []augment.Transform{augment.Flip{}}}, "augment: Gather: example 2: augment: Flip: examples must be images (..., height, width), got shape [32]; Dataset.Shape tells that of flat ones"},
		{&augment.Dataset{Data: plain, Shape: []int{31}}, "augment: Gather: Shape must have as many values as the shape of the data, [2 4 4], got [31]"},
		{&augment.Dataset{Data: plain, Mix: augment.Mixup{Alpha: -1}, Classes: 3}, "augment: Gather: augment: Mixup: Alpha must be finite and not negative, got -1"},
		{&augment.Dataset{Data: plain, Mix: augment.CutMix{}, Shape: []int{32}, Classes: 3}, "augment: Gather: augment: CutMix: examples must be images"},
	} {
		y := make([]int, 1)
		if tt.data.Mix != nil {
			y = nil
		}
		testkit.Rejects(t, tt.data.Gather([]int{2}, make([]float32, 32), y), tt.want)
	}
	fields := func(d *augment.Dataset, targets, weights int) error {
		return d.GatherFields([]int{1}, make([]float32, targets), make([]float32, weights))
	}
	testkit.Rejects(t, fields(&augment.Dataset{Data: plain, Mix: augment.Mixup{}}, 3, 0), "augment: GatherFields: Classes must be the number of classes for Mix with labels, got 0")
	testkit.Rejects(t, fields(&augment.Dataset{Data: plain, Mix: augment.Mixup{}, Classes: 1}, 1, 0), "augment: GatherFields: label of example 1 must be in [0, 1), got 1")
	testkit.Rejects(t, fields(&augment.Dataset{Data: weighted, Mix: augment.Mixup{}, Classes: 2}, 2, 1), "augment: GatherFields: data must have no weights with Mix, got some")
	if err := fields(&augment.Dataset{Data: weighted}, 0, 1); err != nil {
		t.Errorf("weights without Mix: %v", err)
	}
}
