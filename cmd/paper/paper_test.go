package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/records"
	"github.com/gorgonia-dropout/dropout/internal/gradcheck"
	"github.com/gorgonia-dropout/dropout/internal/processor"
	"github.com/gorgonia-dropout/dropout/mnist"
	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/checkpoint"
)

// fakeSets look like MNIST and are small: each class has its own bright rows.
func fakeSets() *sets {
	set := func(n int) *mnist.Set {
		s := &mnist.Set{Rows: 28, Cols: 28, Classes: classes}
		for i := range n {
			label := i % classes
			s.Labels = append(s.Labels, uint8(label))
			for p := range pixels {
				v := (p*31 + i*17) % 64
				if p/56 == label {
					v += 150
				}
				s.Pixels = append(s.Pixels, uint8(v))
			}
		}
		return s
	}
	return &sets{set(400), set(100)}
}

// tinyRun is a run with the budget of tests.
func tinyRun(t *testing.T, s study, log io.Writer) *studyRun {
	t.Helper()
	dir := t.TempDir()
	kept, err := records.Open[record](s.recordFile(filepath.Join(dir, "records")))
	if err != nil {
		t.Fatal(err)
	}
	return &studyRun{
		study: s, budget: s.budgets["tiny"], label: "tiny", seed: 1, workers: 2,
		dir: filepath.Join(dir, s.name), records: kept, sets: fakeSets(), log: log, blas: "BLAS: any", args: []string{s.name, "--out", "x", "--records=y", "--seeds=2"}, every: time.Hour,
	}
}

func TestStudiesRun(t *testing.T) {
	for _, s := range studies {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			var out, log bytes.Buffer
			l := tinyRun(t, s, &log)
			if err := l.run(context.Background(), &out); err != nil {
				t.Fatal(err)
			}
			written, err := os.ReadFile(filepath.Join(l.dir, s.name+".md"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"# " + s.name, "go run ./cmd/paper " + s.name + " --seeds=2\n", "| arm |", "would take about", "Networks trained on: " + processor.Name() + ", BLAS: any ("} {
				if !strings.Contains(string(written), want) {
					t.Errorf("page must have %q, got\n%s", want, written)
				}
			}
			for _, not := range []string{"NaN", "Inf", "%!", "--out", "--records"} {
				if strings.Contains(string(written), not) {
					t.Errorf("page must not have %q, got\n%s", not, written)
				}
			}
			if !bytes.Contains(out.Bytes(), written) {
				t.Error("the page must be printed too")
			}
			for _, pattern := range []string{s.name + ".csv", "*.png", "*.svg"} {
				if found, err := filepath.Glob(filepath.Join(l.dir, pattern)); err != nil || len(found) == 0 {
					t.Errorf("want files %s, got %v, %v", pattern, found, err)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(l.dir, "*.safetensors")); left != nil {
				t.Errorf("checkpoints of finished trials must be gone, got %v", left)
			}
		})
	}
}

// A second call trains nothing; one more seed trains that one alone.
func TestRecordsAreKept(t *testing.T) {
	var log bytes.Buffer
	l := tinyRun(t, table10, &log)
	if err := l.run(context.Background(), io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "kept"); n != 0 {
		t.Errorf("first call: want no trial kept, got %d", n)
	}
	first, err := os.ReadFile(filepath.Join(l.dir, "table10.csv"))
	if err != nil {
		t.Fatal(err)
	}
	log.Reset()
	l.budget.Seeds++
	if err := l.run(context.Background(), io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "kept"); n != 6 {
		t.Errorf("second call: want 6 of 9 trials kept, got %d in\n%s", n, log.String())
	}
	second, err := os.ReadFile(filepath.Join(l.dir, "table10.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(second, first) {
		t.Errorf("rows of the first call must stay as they are, got\n%s\nthen\n%s", first, second)
	}
}

// stopAt cancels when so many lines have been logged.
type stopAt struct {
	lines  int
	cancel context.CancelFunc
}

func (s *stopAt) Write(p []byte) (int, error) {
	if s.lines--; s.lines == 0 {
		s.cancel()
	}
	return len(p), nil
}

func TestStopAndGoOn(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	l := tinyRun(t, hinton2012, &stopAt{2, cancel})
	if err := l.run(ctx, io.Discard); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Fatalf("want an error of the context, got %v", err)
	}
	var log bytes.Buffer
	l.log = &log
	if err := l.run(context.Background(), io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "kept"); n < 2 || n > 3 {
		t.Errorf("want the trials that were finished kept, 2 or 3, got %d", n)
	}
}

// A training that is stopped between updates and gone on with ends as one that
// was not.
func TestTrialResumes(t *testing.T) {
	start := func(log io.Writer) (*studyRun, trial) {
		l := tinyRun(t, fig4, log)
		l.budget.Updates, l.budget.Images = 30, 200
		if err := os.MkdirAll(l.dir, 0o777); err != nil {
			t.Fatal(err)
		}
		return l, l.trial(dropped("resumed", 64).maxNorm(tableNorm), 1)
	}
	l, tr := start(io.Discard)
	whole, err := l.trials(context.Background(), []trial{tr})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l, tr = start(&stopAt{5, cancel})
	l.every = 1
	if _, err := l.trials(ctx, []trial{tr}); !errors.Is(err, context.Canceled) {
		t.Fatalf("want the context's error, got %v", err)
	}
	store, err := l.store(tr)
	if err != nil {
		t.Fatal(err)
	}
	state, err := checkpoint.Load(store.path)
	if err != nil || state.Steps < 5 || state.Steps >= 30 {
		t.Fatalf("want a checkpoint between update 5 and 30, got %+v, %v", state, err)
	}
	l.log, l.blas = io.Discard, "BLAS: another"
	halves, err := l.trials(context.Background(), []trial{tr})
	if err != nil {
		t.Fatal(err)
	}
	a, b := whole[0], halves[0]
	if !reflect.DeepEqual(a.History.Test, b.History.Test) || !slices.Equal(a.Extra["errors"], b.Extra["errors"]) || b.History.Steps != 30 || len(a.Extra["errors"]) == 0 {
		t.Errorf("want the same end, got %+v and %+v", a, b)
	}
	if one := processor.Name() + ", BLAS: any"; a.Machine != one || b.Machine != one+", then "+processor.Name()+", BLAS: another" {
		t.Errorf("want both machines of the second training, got %q and %q", a.Machine, b.Machine)
	}
}

func TestTuneChoosesARate(t *testing.T) {
	var out, log bytes.Buffer
	l := tinyRun(t, hinton2012, &log)
	l.tune = true
	if err := l.run(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "on validation"); n < 9 {
		t.Errorf("want at least 3 rates for each of 3 arms on validation, got %d in\n%s", n, log.String())
	}
	// Each arm has the rate of its lowest error, which is not at an end of those tried.
	arms := l.study.arms(l.budget)
	best, tried, err := l.tuned(context.Background(), arms)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range best {
		scan := make(scan)
		for _, r := range tried {
			if r.Trial.Arm.Name == a.Name {
				scan[int(math.Round(math.Log(r.Trial.Arm.Rate/arms[i].Rate)/math.Log(3)))] = r
			}
		}
		if k, ok := scan.best(); !ok || scan[k].Trial.Arm.Rate != a.Rate || len(scan) < 3 || scan.missing() != nil {
			t.Errorf("%s: got rate %v of powers %v, the best being %d", a.Name, a.Rate, scan.powers(), k)
		}
	}
	if !strings.Contains(out.String(), "held out of the training set") {
		t.Errorf("page must say how rates were chosen, got\n%s", out.String())
	}
}

// The scan goes on where the best rate is at an end, past those that diverge, and
// has an end.
func TestScan(t *testing.T) {
	at := func(correct int) record {
		return record{History: &training.History{Test: &training.Metrics{Examples: 10, Correct: correct}}}
	}
	diverged := record{Diverged: "loss is NaN"}
	for _, tt := range []struct {
		scan scan
		want []int
	}{
		{scan{}, []int{-1, 0, 1}},
		{scan{-1: at(5), 0: at(6), 1: at(5)}, nil},
		{scan{-1: at(7), 0: at(6), 1: at(5)}, []int{-2}},
		{scan{-1: at(5), 0: at(6), 1: at(7)}, []int{2}},
		{scan{-1: at(5), 0: diverged, 1: diverged}, []int{-2}},
		{scan{-1: diverged, 0: diverged, 1: diverged}, []int{-2}},
		{scan{-4: diverged, -3: diverged, -2: diverged}, nil},
		{scan{-4: at(9), -3: at(8)}, nil},
	} {
		if got := tt.scan.missing(); !slices.Equal(got, tt.want) {
			t.Errorf("%v: want %v next, got %v", tt.scan.powers(), tt.want, got)
		}
	}
}

// A rate that diverges is not chosen; where all do, that is the error.
func TestTuneDiverges(t *testing.T) {
	var log bytes.Buffer
	s := hinton2012
	s.arms = func(budget) []arm {
		a := plain("hot", 8)
		a.Rate = 1e38
		return []arm{a}
	}
	l := tinyRun(t, s, &log)
	l.tune = true
	want := "hot: some rate must not diverge, got none: "
	for range 2 { // the second time from the records
		if err := l.run(context.Background(), io.Discard); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("want error %q, got %v", want, err)
		}
	}
	if trained, kept := strings.Count(log.String(), "diverged"), strings.Count(log.String(), "kept"); trained != 12 || kept != 6 {
		t.Errorf("want 6 trainings that diverge and their 6 records, got\n%s", log.String())
	}
}

func TestDivergenceGradient(t *testing.T) {
	h := tensor.New(tensor.WithShape(3, 4), tensor.WithBacking([]float64{
		0.5, 1, 2, 0.01, 0.25, 3, 0.1, 0.02, 1.5, 0.7, 0, 0.03,
	}))
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) { return divergence(in[0], sparsityTarget) }, 1e-6, h)
	if err != nil {
		t.Error(err)
	}
}

// The divergence is that of Bernoulli variables, less what does not depend on the
// activity.
func TestDivergenceIsKullbackLeibler(t *testing.T) {
	kl := func(m float64) float64 {
		p, q := sparsityTarget, m/(1+m)
		return p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q))
	}
	at := func(m float64) float64 {
		g := gorgonia.NewGraph()
		h := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(2, 1), gorgonia.WithName("h"),
			gorgonia.WithValue(tensor.New(tensor.WithShape(2, 1), tensor.WithBacking([]float64{0, 2 * m}))))
		d, err := divergence(h, sparsityTarget)
		if err != nil {
			t.Fatal(err)
		}
		vm := gorgonia.NewTapeMachine(g)
		defer vm.Close()
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		return d.Value().Data().(float64)
	}
	for _, m := range []float64{0.5, 2} {
		if got, want := at(m)-at(1), kl(m)-kl(1); math.Abs(got-want) > 1e-4 {
			t.Errorf("divergence at %v less that at 1: got %v, want %v", m, got, want)
		}
	}
}

func TestSquaresGradient(t *testing.T) {
	x := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{0.5, -1, 2, 0.1, 0, 3}))
	err := gradcheck.Check(func(in []*gorgonia.Node) (*gorgonia.Node, error) { return squares(in[0], nil) }, 1e-6, x)
	if err != nil {
		t.Error(err)
	}
}

// The thinned network has the parameters of the whole one and, without dropout,
// its outputs.
func TestThinnedIsTheWholeNetworkInEvaluation(t *testing.T) {
	a := dropped("thinned", 64, 32)
	a.Dropout = exactK
	thinnedModel, _, err := a.model(1, 7)
	if err != nil {
		t.Fatal(err)
	}
	a.Dropout = bernoulli
	whole, _, err := a.model(1, 7)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range thinnedModel.Params() {
		copy(whole.Params()[i].Value().Float32s(), p.Value().Float32s())
	}
	if a, b := output(t, thinnedModel), output(t, whole); !slices.Equal(a, b) {
		t.Errorf("outputs must be equal, got %v and %v", a, b)
	}
}

func output(t *testing.T, m *models.Model) []float32 {
	t.Helper()
	g, err := m.Build(models.Eval, 1)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, pixels)
	for i := range x {
		x[i] = float32(i%7) / 7
	}
	if err := gorgonia.Let(g.Input, tensor.New(tensor.WithShape(1, pixels), tensor.WithBacking(x))); err != nil {
		t.Fatal(err)
	}
	vm := gorgonia.NewTapeMachine(g.ExprGraph)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(g.Output.Value().(*tensor.Dense).Float32s())
}
