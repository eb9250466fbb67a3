package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
	"go.uber.org/goleak"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/models"
)

// takesSteps lets a loop do two steps.
func takesSteps(t *testing.T, name string, l loop) {
	t.Helper()
	n := 0
	if err := l(func() bool { n++; return n < 3 }); err != nil || n != 3 {
		t.Errorf("%s: %d calls, %v", name, n, err)
	}
}

// What is measured takes steps.
func TestSteps(t *testing.T) {
	small := smallNetworks[0]
	for name, load := range map[string]func() (loop, error){
		"stock":       func() (loop, error) { return stockMLP(2) },
		"op":          func() (loop, error) { return gorgoniaDropoutOp(10, true) },
		"mlp":         small.loop,
		"lstm":        func() (loop, error) { return language(lstm) },
		"transformer": func() (loop, error) { return language(transformer) },
		"inference":   func() (loop, error) { return inference(1) },
		"products":    func() (loop, error) { return multiply(small.products()) },
	} {
		l, err := load()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		takesSteps(t, name, l)
	}
}

// Trainings in turn and at once take steps, and end with their loop.
func TestPairOf(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, atOnce := range []bool{false, true} {
		l, err := pairOf(smallNetworks[0], atOnce)
		if err != nil {
			t.Fatal(err)
		}
		takesSteps(t, "pair", l)
		if l, err = pairOf(smallNetworks[0], atOnce); err != nil {
			t.Fatal(err)
		}
		if err := l(func() bool { return false }); err != nil {
			t.Errorf("no step: %v", err)
		}
	}
}

// At once, both begin before either is waited for; in turn, the second begins after the
// first.
func TestPairOrder(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		var pair [2]*paced
		begun := make(chan bool, 1) // the second one
		for i := range pair {
			p := &paced{more: make(chan bool), done: make(chan error, 1), over: make(chan struct{})}
			pair[i] = p
			go func() {
				defer close(p.over)
				for <-p.more {
					switch {
					case i == 1:
						begun <- true
					case atOnce:
						select {
						case <-begun:
						case <-time.After(10 * time.Second):
							p.done <- errors.New("the second training has not begun")
							return
						}
					default:
						select {
						case <-begun:
							p.done <- errors.New("the second training has begun")
							return
						default:
						}
					}
					p.done <- nil
				}
			}()
		}
		n := 0
		if err := runPair(pair, atOnce)(func() bool { n++; return n < 2 }); err != nil {
			t.Errorf("at once %v: %v", atOnce, err)
		}
	}
}

// A training that fails ends its pair with its error.
func TestPairFails(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, atOnce := range []bool{false, true} {
		tr, data, err := mlp{inputs: 3, hidden: []int{2}, outputs: 2, batch: 4}.trainer()
		if err != nil {
			t.Fatal(err)
		}
		good := pace(tr, data)
		tr, data, err = mlp{inputs: 3, hidden: []int{2}, outputs: 2, batch: 4}.trainer()
		if err != nil {
			t.Fatal(err)
		}
		tr.BatchSize = -1
		err = runPair([2]*paced{good, pace(tr, data)}, atOnce)(func() bool { return true })
		if err == nil || !strings.Contains(err.Error(), "BatchSize") && !strings.Contains(err.Error(), "batch") {
			t.Errorf("want the error of the training, got %v", err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"PATH=/bin", "OPENBLAS_CORETYPE=Haswell", "OPENBLAS_L2_SIZE=512", "OMP_NUM_THREADS=7", "GOMAXPROCS=9",
		"GOMP_SPINCOUNT=1", "DROPOUT_BLAS=library", "DROPOUT_KERNEL=avx2", "LD_LIBRARY_PATH=/a"})
	if want := []string{"PATH=/bin", "DROPOUT_KERNEL=avx2", "LD_LIBRARY_PATH=/a"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Only a processor that has AVX-512 is to be compared as one that has not.
func TestAlike(t *testing.T) {
	old, current := []isa.Set{isa.Generic, isa.AVX2}, []isa.Set{isa.Generic, isa.AVX2, isa.AVX512}
	for _, tt := range []struct {
		kernel    string
		supported []isa.Set
		some      bool
	}{
		{"avx2", current, true}, {"avx2", old, false}, {"avx512", current, false}, {"", current, false}, {"generic", current, false},
	} {
		got := alike(tt.kernel, tt.supported)
		if some := slices.Contains(got, "OPENBLAS_CORETYPE=Haswell") && slices.Contains(got, "ATEN_CPU_CAPABILITY=avx2"); some != tt.some || !some && len(got) > 0 {
			t.Errorf("DROPOUT_KERNEL=%s with %v: got %v", tt.kernel, tt.supported, got)
		}
	}
}

func TestCommand(t *testing.T) {
	t.Setenv("LD_LIBRARY_PATH", "")
	absent := errors.New("absent")
	p := &programs{self: found{path: "self"}, python: found{path: "python"}, libraries: map[build]found{
		pthread: {path: "/p/libopenblas.so.0"}, openmp: {path: "/o/libopenblas.so.0"},
	}}
	for name, want := range map[string]struct {
		line    string
		threads string
		env     []string
	}{
		"mlp/dropout-ours1":     {"self --worker mlp/dropout-ours1", "1", []string{"DROPOUT_BLAS=builtin"}},
		"mlp/dropout-ours2":     {"self --worker mlp/dropout-ours2", "2", []string{"DROPOUT_BLAS=builtin"}},
		"mlp/stock":             {"self --worker mlp/stock", "2", []string{"DROPOUT_BLAS=gonum"}},
		"op-1M/both-generic":    {"self --worker op-1M/both-generic", "2", []string{"DROPOUT_BLAS=builtin", "DROPOUT_KERNEL=generic"}},
		"square/gemm-pthread1":  {"self --worker square/gemm-pthread1", "1", []string{"DROPOUT_BLAS=/p/libopenblas.so.0"}},
		"square/gemm-OpenMP2":   {"self --worker square/gemm-OpenMP2", "2", []string{"DROPOUT_BLAS=/o/libopenblas.so.0"}},
		"mlp/dropout-torch2":    {"python -c SCRIPT 2  mlp 784-1024-1024-1024-10 128 0.5 sgd", "2", nil},
		"cnn/dropout-torchomp1": {"python -c SCRIPT 1 OpenMP cnn", "1", []string{"LD_LIBRARY_PATH=/o"}},
	} {
		line, env, err := p.command(cases()[slices.IndexFunc(cases(), func(b *benchCase) bool { return b.Name == name })])
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Replace(strings.Join(line, " "), torchScript, "SCRIPT", 1); got != want.line {
			t.Errorf("%s: got %q, want %q", name, got, want.line)
		}
		for _, v := range append(want.env, "GOMAXPROCS="+want.threads, "OMP_NUM_THREADS="+want.threads, "OPENBLAS_NUM_THREADS="+want.threads) {
			if !slices.Contains(env, v) {
				t.Errorf("%s: got %v, want %s in it", name, env, v)
			}
		}
		if n := len(want.env) + 4; len(env) != n {
			t.Errorf("%s: got %v, want %d variables", name, env, n)
		}
	}

	if got := joined("/o", "/a:/b"); got != "/o"+string(os.PathListSeparator)+"/a:/b" {
		t.Errorf("got %q", got)
	}
	omp := &benchCase{with: torch, blas: openmp}
	p.libraries[openmp] = found{err: absent}
	if _, _, err := p.command(omp); !errors.Is(err, absent) {
		t.Errorf("no library: got %v", err)
	}
	p.python.err = errors.New("no PyTorch")
	if _, _, err := p.command(omp); !errors.Is(err, p.python.err) {
		t.Errorf("no PyTorch: got %v", err)
	}
}

func TestLibrary(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "openblas-openmp", "libopenblas.so.0")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	places := []string{filepath.Join(dir, "none", "*"), filepath.Join(dir, "*", "libopenblas.so.0")}
	if got := library("", "--flag", openmp, places); got.path != path || got.err != nil {
		t.Errorf("got %+v, want %s", got, path)
	}
	if got := library(path, "--flag", openmp, nil); got.path != path || got.err != nil {
		t.Errorf("given: got %+v, want %s", got, path)
	}
	want := "OpenBLAS with OpenMP is not there (Debian: libopenblas0-openmp; or give --flag)"
	if got := library("", "--flag", openmp, places[:1]); got.err == nil || got.err.Error() != want {
		t.Errorf("got %+v, want %q", got, want)
	}
}

// A library that cannot be used is an error of its cases, not a reason to use another.
func TestServeRefusesOtherProducts(t *testing.T) {
	t.Setenv("DROPOUT_BLAS", filepath.Join(t.TempDir(), "libopenblas.so.0"))
	err := serve("square/gemm-pthread1", "", strings.NewReader(""), new(strings.Builder))
	if err == nil || !strings.HasPrefix(err.Error(), "square/gemm-pthread1: ") {
		t.Errorf("got %v", err)
	}
}

// PyTorch's steps are of networks with as many parameters as ours, and all its cases run.
func TestPyTorch(t *testing.T) {
	const python = "/usr/bin/python3"
	c := cli{Python: python}
	if err := c.programs(t.Context(), cases()).python.err; err != nil {
		t.Skip("PyTorch is not installed (Debian: python3-torch)")
	}
	counts := `
def training(model, draw, batch, images, solver, clip=None, training=training):
    size.append(sum(p.numel() for p in model.parameters()))
    return training(model, draw, batch, images, solver, clip)
sizes_of = {}
for case in json.loads(sys.argv[4]):
    size = []
    CASES[case.split()[0]](*case.split()[1:])()
    sizes_of[case] = size
print(json.dumps(sizes_of))
`
	var scripts []string
	for _, b := range cases() {
		if b.with == torch && b.Group != "op-16M" && b.Group != "width" && b.Group != "batch" && b.Group != "epoch" && !slices.Contains(scripts, b.script) {
			scripts = append(scripts, b.script)
		}
	}
	list, err := json.Marshal(scripts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", torchScript+counts, "1", "", "inference 3-2 1", string(list))
	cmd.Env = append(environment(os.Environ()), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var sizes map[string][]int
	if err := json.Unmarshal(out, &sizes); err != nil {
		t.Fatal(err)
	}
	if len(sizes) != len(scripts) {
		t.Errorf("got %v, want the cases %v", sizes, scripts)
	}
	for script, want := range parameters(t) {
		if got := sizes[script]; !slices.Equal(got, []int{want}) {
			t.Errorf("%s: got %v parameters, want %d", script, got, want)
		}
	}
}

// parameters are the numbers of parameters of our networks by PyTorch's names.
func parameters(t *testing.T) map[string]int {
	t.Helper()
	count := make(map[string]int)
	add := func(script string, m *models.Model, err error) {
		if err != nil {
			t.Fatal(err)
		}
		count[script] = m.NumParams()
	}
	for _, n := range append([]mlp{{p: 0.5}, {}, {p: 0.5, adam: true}}, smallNetworks...) {
		m, err := n.model()
		add(n.script(), m, err)
	}
	m, err := convNet(0.25, 0.5)
	add("cnn", m, err)
	for name, net := range map[string]func(int) models.Layer{"lstm": lstm, "transformer": transformer} {
		tr, _, err := languageTrainer(net)
		if err != nil {
			t.Fatal(err)
		}
		add(name, tr.Model, nil)
	}
	return count
}

// PyTorch's process answers by the protocol, and refuses another BLAS than asked for.
func TestPyTorchAnswers(t *testing.T) {
	c := cli{Python: "/usr/bin/python3"}
	p := c.programs(t.Context(), cases())
	if p.python.err != nil {
		t.Skip("PyTorch is not installed (Debian: python3-torch)")
	}
	// The folder has no libblas.so.3, so that PyTorch loads its own.
	p.libraries[openmp] = found{path: filepath.Join(t.TempDir(), "libopenblas.so.0")}
	chosen := slices.DeleteFunc(cases(), func(b *benchCase) bool {
		return b.Name != "784-256-256-10/step-torch1" && b.Name != "784-256-256-10/step-torchomp1"
	})
	m := c.measurement(new(strings.Builder))
	m.rounds, m.turn = 2, 1e6
	r, err := m.group(t.Context(), chosen, p)
	if err != nil {
		t.Fatal(err)
	}
	if r[0].Error != "" || len(r[0].Rounds) != 2 || !strings.HasPrefix(r[0].Rounds[0].About, "PyTorch ") {
		t.Errorf("got %+v", r[0])
	}
	if strings.Contains(r[0].Rounds[0].About, "with OpenMP") {
		t.Skip("PyTorch's own BLAS here is an OpenBLAS with OpenMP")
	}
	if !strings.HasPrefix(r[1].Error, "PyTorch must have loaded an OpenBLAS with OpenMP, got ") {
		t.Errorf("got %+v", r[1])
	}
}
