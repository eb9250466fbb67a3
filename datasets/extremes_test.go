package datasets_test

import (
	"image"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/opticks"
	"github.com/gorgonia-dropout/dropout/training"
)

// anyInt draws small numbers and the extremes, at which products and sums overflow.
func anyInt() *rapid.Generator[int] {
	return rapid.OneOf(rapid.IntRange(-3, 12), rapid.SampledFrom([]int{
		math.MinInt, math.MinInt + 1, math.MinInt32, math.MaxInt32, math.MaxInt32 + 1, 1 << 31, 1<<32 + 1, 1 << 33, 1 << 62, math.MaxInt - 1, math.MaxInt,
	}))
}

// anyFloat draws shares and what is none.
func anyFloat() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{
		0, 1, 0.5, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64,
		1 - 0x1p-53, 1 + 5e-10, 1 + 2e-9, 1e-300,
	}))
}

func anyShape() *rapid.Generator[[]int] { return rapid.SliceOfN(anyInt(), 0, 4) }

// inIndices fails unless each part has indices in [0, n) only, and all together n.
func inIndices(t *rapid.T, parts [][]int, n int) {
	t.Helper()
	isPartition(t, parts, n)
}

// Splits of any numbers are an error or a partition.
func TestSplitsOfExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := rapid.SliceOfN(anyFloat(), 0, 5).Draw(t, "shares")
		if rapid.Bool().Draw(t, "add up") && len(shares) > 1 {
			// Nearly every draw would be refused.
			rest := 1.0
			for i := range shares[1:] {
				shares[i] = rest * rapid.Float64Range(0.01, 0.9).Draw(t, "share")
				rest -= shares[i]
			}
			shares[len(shares)-1] = rest + rapid.SampledFrom([]float64{0, 9e-10, -9e-10}).Draw(t, "off")
		}
		seed := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, math.MaxUint64})).Draw(t, "seed")
		n := anyInt().Draw(t, "n")
		// What is allowed may be large.
		if n < 1<<20 || n > 1<<31 {
			if parts, err := datasets.ByPosition(n, shares...); err == nil {
				inIndices(t, parts, n)
			}
		}
		labels := rapid.SliceOfN(anyInt(), 0, 30).Draw(t, "labels")
		if parts, err := datasets.Stratified(labels, seed, shares...); err == nil {
			inIndices(t, parts, len(labels))
		}
		if parts, err := datasets.ByGroup(labels, seed, shares...); err == nil {
			inIndices(t, parts, len(labels))
		}
		k, repeats := anyInt().Draw(t, "k"), anyInt().Draw(t, "repeats")
		folds, err := datasets.StratifiedFolds(labels, k, repeats, seed)
		if err == nil && len(folds) != k*repeats {
			t.Fatalf("%d folds, %d times: got %d", k, repeats, len(folds))
		}
		more, err := datasets.GroupFolds(labels, k, seed)
		if err == nil && len(more) != k {
			t.Fatalf("%d folds: got %d", k, len(more))
		}
		for _, f := range append(folds, more...) {
			inIndices(t, [][]int{f.Train, f.Test}, len(labels))
		}
		for _, i := range datasets.Where(labels, anyInt().Draw(t, "group")) {
			if i < 0 || i >= len(labels) {
				t.Fatalf("index %d of %d", i, len(labels))
			}
		}
	})
}

func TestSplitLimits(t *testing.T) {
	labels := make([]int, 1<<10)
	for name, err := range map[string]error{
		"examples": second(datasets.ByPosition(1<<31+1, 1)),
		"repeats":  second(datasets.StratifiedFolds(labels, 2, 1<<20+1, 1)),
		"folds":    second(datasets.StratifiedFolds(make([]int, 1<<16), 1<<16, 1, 1)),
		"groups":   second(datasets.GroupFolds(all(make([]int, 1<<16)), 1<<16, 1)),
	} {
		if err == nil || !strings.Contains(err.Error(), "2^31") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Data of any shape and values is an error or numbers.
func TestDataOfExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{
			0, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, float32(math.NaN()), float32(math.Inf(-1)), 1, -1,
		})), 0, 24).Draw(t, "values")
		shape := rapid.OneOf(anyShape(), rapid.SampledFrom([][]int{{1}, {2}, {2, 1}, {1, 2, 2}})).Draw(t, "shape")
		e := &odd{shape: shape, x: values}
		for _, fit := range []func(training.Dataset) (*datasets.Standardization, error){datasets.FitStandardization, datasets.FitChannels} {
			s, err := fit(e)
			if err != nil {
				continue
			}
			for i, v := range s.Std {
				if !(v > 0) || math.IsInf(float64(v), 0) || math.IsNaN(float64(s.Mean[i])) || math.IsInf(float64(s.Mean[i]), 0) {
					t.Fatalf("%v of %v: got %+v", shape, values, s)
				}
			}
			size := 1
			for _, d := range shape {
				size *= d
			}
			x, indices := make([]float32, size), []int{e.Len() - 1}
			// What was measured itself is within float32.
			if err := s.Apply(e).Gather(indices, x, make([]int, 1)); err != nil {
				t.Fatal(err)
			}
			other := &odd{shape: []int{size}, x: rapid.SliceOfN(rapid.Float32(), size, size).Draw(t, "other")}
			if err := s.Apply(other).Gather([]int{0}, x, make([]int, 1)); err == nil {
				for _, v := range x {
					if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
						t.Fatalf("%+v of %v became %v", s, other.x, x)
					}
				}
			}
		}
		_, _ = datasets.Labels(e)
		indices := rapid.SliceOfN(anyInt(), 0, 4).Draw(t, "indices")
		if s, err := datasets.Subset(e, indices); err == nil {
			x, y := make([]float32, anySmall(t, "x")), make([]int, anySmall(t, "y"))
			_ = s.Gather(rapid.SliceOfN(anyInt(), 0, 4).Draw(t, "of"), x, y)
			_, _ = datasets.Labels(s)
		}
		s := &datasets.Standardization{Mean: values, Std: values}
		_ = s.Apply(e).Gather([]int{0}, make([]float32, anySmall(t, "size")), make([]int, 1))
	})
}

func anySmall(t *rapid.T, name string) int { return rapid.IntRange(0, 9).Draw(t, name) }

// odd is a data set that may say any shape.
type odd struct {
	shape []int
	x     []float32
}

func (o *odd) InputShape() []int { return o.shape }

func (o *odd) Len() int {
	size := 1
	for _, d := range o.shape {
		size *= d
	}
	if size < 1 {
		return len(o.x)
	}
	return len(o.x) / size
}

func (o *odd) Gather(indices []int, x []float32, y []int) error {
	for k, i := range indices {
		n := len(x) / len(indices)
		if i >= 0 && n > 0 && i < len(o.x)/n {
			copy(x[k*n:(k+1)*n], o.x[i*n:])
		}
	}
	return nil
}

func TestTextOfExtremes(t *testing.T) {
	v, err := datasets.NewVocabulary("abc")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(anyInt(), 0, 12).Draw(t, "ids")
		if text, err := v.Decode(ids); err == nil && len(text) != len(ids) {
			t.Fatalf("%v became %q", ids, text)
		}
		w := &datasets.Windows{IDs: ids, Length: anyInt().Draw(t, "length"), Stride: anyInt().Draw(t, "stride")}
		n := w.Len()
		if n < 0 || n > len(ids) {
			t.Fatalf("%d windows of %+v", n, w)
		}
		_ = w.InputShape()
		indices := rapid.SliceOfN(anyInt(), 0, 3).Draw(t, "indices")
		x := make([]float32, min(100, max(0, len(indices)*min(100, max(0, w.Length)))))
		if err := w.Gather(indices, x, make([]int, len(x))); err == nil {
			for _, id := range x {
				if id < 0 || id > 1<<24 {
					t.Fatalf("id %v", id)
				}
			}
		}
	})
	for _, length := range []int{math.MinInt, -1, 0, 1 << 32, math.MaxInt} {
		if _, err := opticks.Load(length); err == nil {
			t.Errorf("windows of %d must be an error", length)
		}
	}
	// float32 has no 2^24 + 1.
	w := &datasets.Windows{IDs: []int{1<<24 + 1, 0}, Length: 1}
	if err := w.Gather([]int{0}, make([]float32, 1), make([]int, 1)); err == nil || !strings.Contains(err.Error(), "ids must be in [0, 16777216], got 16777217 at 0") {
		t.Errorf("got %v", err)
	}
}

func TestImagesOfExtremes(t *testing.T) {
	data := file(encodePNG(t, image.NewGray(image.Rect(0, 0, 3, 2))))
	rapid.Check(t, func(t *rapid.T) {
		f := datasets.ImageFolder{Height: anyInt().Draw(t, "height"), Width: anyInt().Draw(t, "width"), Gray: rapid.Bool().Draw(t, "gray")}
		m, err := f.OpenFS(fstest.MapFS{"a/1.png": data})
		if (err == nil) != (f.Height > 0 && f.Width > 0 && f.Height <= 4096 && f.Width <= 4096) {
			t.Fatalf("%+v: %v", f, err)
		}
		if err == nil && m.Len() != 1 {
			t.Fatalf("%d images", m.Len())
		}
	})
}

func TestCSVOfExtremes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := datasets.CSV{Label: "y", Comma: rapid.OneOf(rapid.Rune(), rapid.Int32(), rapid.SampledFrom([]rune{0, -1, '\n', '\r', '"', 0xfffd, 0x10ffff, 0x110000, '\t', ' '})).Draw(t, "comma")}
		text := "x" + string(c.Comma) + "y\n1" + string(c.Comma) + "a\n"
		if table, err := c.Read(strings.NewReader(text)); err == nil && (table.Len() != 1 || table.X[0] != 1 || table.Classes[0] != "a") {
			t.Fatalf("%q: got %+v", c.Comma, table)
		}
	})
}
