package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// An example is a row of a batch of any kind.
type example struct {
	output, target []float64
	label          int
	weight         float64
}

// batchOf is the batch of examples of n outputs.
func batchOf(all []example, n int, withLabels bool) metrics.Batch {
	output, target, weight := make([]float64, 0, len(all)*n), make([]float64, 0, len(all)*n), make([]float64, 0, len(all))
	y := make([]int, 0, len(all))
	for _, e := range all {
		output, target = append(output, e.output...), append(target, e.target...)
		weight, y = append(weight, e.weight), append(y, e.label)
	}
	b := metrics.Batch{Output: dense([]int{len(all), n}, output...), Target: dense([]int{len(all), n}, target...), Weight: dense([]int{len(all)}, weight...)}
	if withLabels {
		b.Target = tensor.New(tensor.WithShape(len(y)), tensor.WithBacking(y))
	}
	return b
}

// sameBits fails unless two values are one.
func sameBits(t *rapid.T, what string, got, want float64) {
	if math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Fatalf("%s: must be %v, got %v", what, want, got)
	}
}

// However examples are split into batches and the accumulators of the batches are
// merged, with their states written and read again between, the value is, to the bit,
// that of all examples in one batch.
func TestSplitsAndMerges(t *testing.T) {
	ofLabels, ofValues, ofChoices := every()
	number := rapid.OneOf(rapid.Float64Range(-3, 3), rapid.SampledFrom([]float64{0, 1, -1, 0.1, 1e10, -1e10, 1e300, 1e-300, math.Inf(1), math.Inf(-1)}))
	weight := rapid.OneOf(rapid.SampledFrom([]float64{0, 1, 1, 2, 0.1}), rapid.Float64Range(0, 5))
	for i, of := range [][]metrics.Metric{ofLabels, ofValues, ofChoices} {
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.IntRange(1, 4).Draw(t, "outputs")
			target := number
			if i == 2 {
				target = rapid.SampledFrom([]float64{0, 1})
			}
			all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) example {
				return example{
					rapid.SliceOfN(number, n, n).Draw(t, "output"), rapid.SliceOfN(target, n, n).Draw(t, "target"),
					rapid.IntRange(0, n-1).Draw(t, "label"), weight.Draw(t, "weight"),
				}
			}), 0, 12).Draw(t, "examples")
			m := rapid.SampledFrom(of).Draw(t, "metric")
			want := startedIn(t, m, batchOf(all, n, i == 0))
			order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
			var parts []metrics.Accumulator
			for rest := all; len(rest) > 0; {
				size := 1 + order.IntN(len(rest))
				parts = append(parts, startedIn(t, m, batchOf(rest[:size], n, i == 0)))
				rest = rest[size:]
			}
			order.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			for len(parts) > 1 {
				at := order.IntN(len(parts) - 1)
				if err := parts[at].Merge(again(t, m, parts[at+1])); err != nil {
					t.Fatal(err)
				}
				parts = slices.Delete(parts, at+1, at+2)
			}
			got := startedIn(t, m)
			if len(parts) == 1 {
				got = parts[0]
			}
			sameBits(t, m.Name(), got.Value(), want.Value())
			perClass(t, m.Name(), got, want)
		})
	}
}

// startedIn is an accumulator of a metric over batches.
func startedIn(t *rapid.T, m metrics.Metric, batches ...metrics.Batch) metrics.Accumulator {
	a, err := m.Start()
	for _, b := range batches {
		if err == nil {
			err = a.Add(b)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// again is an accumulator with the state of another.
func again(t *rapid.T, m metrics.Metric, a metrics.Accumulator) metrics.Accumulator {
	state, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	fresh := startedIn(t, m)
	if err := json.Unmarshal(state, fresh); err != nil {
		t.Fatalf("%s: %v", state, err)
	}
	sameBits(t, m.Name()+" read again", fresh.Value(), a.Value())
	return fresh
}

func perClass(t *rapid.T, what string, got, want metrics.Accumulator) {
	a, ok := got.(metrics.PerClass)
	if !ok {
		return
	}
	values := want.(metrics.PerClass).PerClass()
	if len(a.PerClass()) != len(values) && len(a.PerClass()) != 0 {
		t.Fatalf("%s: must have %d classes, got %d", what, len(values), len(a.PerClass()))
	}
	for k, v := range a.PerClass() {
		sameBits(t, fmt.Sprintf("%s of class %d", what, k), v, values[k])
	}
}

// Sums of weights that round do not depend on the order of the examples either.
func TestRankingOfAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	all := make([]example, 300)
	for i := range all {
		all[i] = example{output: []float64{float64(r.IntN(5))}, target: []float64{float64(r.IntN(2))}, weight: r.Float64()}
	}
	for _, m := range []metrics.Metric{metrics.AUROC{}, metrics.AveragePrecision{}} {
		want := valueOf(t, m, batchOf(all, 1, false))
		for range 20 {
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			if got := valueOf(t, m, batchOf(all, 1, false)); got != want {
				t.Errorf("%s in another order must be %v, got %v", m.Name(), want, got)
			}
		}
	}
}

// A Confusion adds up over batches in any order, and comes back from its state.
func TestConfusion(t *testing.T) {
	first := metrics.Batch{Output: rows(2, 1, 0, 0, 1, 0, 1), Target: labels(0, 0, 1)}
	second := metrics.Batch{Output: rows(2, 1, 0, math.NaN(), 1), Target: labels(1, 1), Weight: column(0.1, 0.2)}
	want := "[[1 1 0] [0.1 1 0.2]]"
	for _, order := range [][]metrics.Batch{{first, second}, {second, first}} {
		var c, other, back metrics.Confusion
		if got := c.Value(); !math.IsNaN(got) {
			t.Errorf("the accuracy of nothing must be NaN, got %v", got)
		}
		if err := c.Add(order[0]); err != nil {
			t.Fatal(err)
		}
		if err := other.Add(order[1]); err != nil {
			t.Fatal(err)
		}
		state, err := json.Marshal(&other)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(state, &back); err != nil {
			t.Fatal(err)
		}
		if err := c.Merge(&back); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(c.Counts()); got != want {
			t.Errorf("want %s, got %s", want, got)
		}
		if got := c.Value(); !near(got, 2/3.3, 1e-15) {
			t.Errorf("accuracy must be %v, got %v", 2/3.3, got)
		}
	}
	for _, bad := range []string{`{"classes":-1}`, `{"classes":2,"cells":{"6":"1p0"}}`, `{"classes":2,"cells":{"-1":"1p0"}}`, `{"classes":2,"cells":{"0":null}}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), new(metrics.Confusion)); err == nil {
			t.Errorf("%s must be an error", bad)
		}
	}
}
