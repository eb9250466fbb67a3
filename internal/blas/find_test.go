package blas

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/gorgonia-dropout/dropout/internal/kernel/product"
)

func TestFindGonum(t *testing.T) {
	t.Setenv(Variable, "gonum")
	b := Find()
	if got, want := b.Describe(), "BLAS: gonum"; got != want {
		t.Errorf("the description is %q, want %q", got, want)
	}
	if got := b.Library(); got != "" {
		t.Errorf("the library is %q, want none", got)
	}
	if got, want := b.Threads(), runtime.GOMAXPROCS(0); got != want {
		t.Errorf("%d threads, want %d", got, want)
	}
	checkGonums(t, b)
}

func TestFindDefault(t *testing.T) {
	for _, choice := range []string{"", "auto", "builtin"} {
		t.Setenv(Variable, choice)
		b := Find()
		if got, want := b.Describe(), "BLAS: built-in, "+product.Name(); got != want {
			t.Errorf("%q: the description is %q, want %q", choice, got, want)
		}
		if got, want := b.Threads(), runtime.GOMAXPROCS(0); got != want {
			t.Errorf("%q: %d threads, want %d", choice, got, want)
		}
		checkBuiltin(t, b)
	}
}

func TestFindLibrary(t *testing.T) {
	t.Setenv(Variable, "library")
	b := Find()
	if b.Library() == "" {
		want := "(DROPOUT_BLAS=library: no OpenBLAS, MKL, BLIS or Accelerate found)"
		if !loads {
			want = "(DROPOUT_BLAS=library: this build does not load libraries)"
		}
		if got := b.Describe(); !strings.HasSuffix(got, want) {
			t.Errorf("the description is %q, want it to end in %q", got, want)
		}
		return
	}
	if got := b.Describe(); !strings.HasPrefix(got, "BLAS: ") || !strings.Contains(got, b.Library()) {
		t.Errorf("the description is %q", got)
	}
}

// What cannot be used is replaced by the built-in products, and the reason is kept.
func TestFindUnusable(t *testing.T) {
	instead := "BLAS: built-in, " + product.Name()
	tests := map[string]string{
		"no such library":          instead + " (DROPOUT_BLAS=no such library: ",
		"/nowhere/libopenblas.so":  instead + " (DROPOUT_BLAS=/nowhere/libopenblas.so: ",
		"GONUM":                    instead + " (DROPOUT_BLAS=GONUM: ",
		"find_test.go":             instead + " (DROPOUT_BLAS=find_test.go: ",
		strings.Repeat("x", 70000): instead + " (DROPOUT_BLAS=xxx",
	}
	for choice, want := range tests {
		t.Setenv(Variable, choice)
		b := Find()
		if got := b.Describe(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ")") || strings.Contains(got, "\n") {
			t.Errorf("the description is %q, want %q and a reason", got, want)
		}
		checkBuiltin(t, b)
		if _, err := Open(choice); err == nil {
			t.Errorf("Open(%q) gives no error", choice)
		}
	}
}

func TestFindLibraryWithoutRoutines(t *testing.T) {
	name := map[string]string{"linux": "libm.so.6", "darwin": "/usr/lib/libSystem.B.dylib", "windows": "kernel32.dll"}[runtime.GOOS]
	if _, err := load(name); err != nil {
		t.Skipf("no library to test: %v", err)
	}
	t.Setenv(Variable, name)
	b := Find()
	if got, want := b.Describe(), "BLAS: built-in, "+product.Name()+" (DROPOUT_BLAS="+name+": "+name+" lacks sgemm_)"; got != want {
		t.Errorf("the description is %q, want %q", got, want)
	}
	checkBuiltin(t, b)
}

// A library asked for by its name is the same that is found.
func TestOpenNamed(t *testing.T) {
	found := loaded(t)
	b, err := Open(found.Library())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := b.Describe(), found.Describe(); got != want {
		t.Errorf("opened %q, found %q", got, want)
	}
}

func TestThreads(t *testing.T) {
	b := loaded(t)
	before := b.Threads()
	if before < 1 {
		t.Skipf("%s does not tell its number of threads", b.Library())
	}
	for _, n := range []int{1, before} {
		if err := b.SetThreads(n); err != nil {
			t.Fatal(err)
		}
		if got := b.Threads(); got != n {
			t.Errorf("%d threads, want %d", got, n)
		}
		if got, want := b.Describe(), map[bool]string{true: ", 1 thread", false: " threads"}[n == 1]; !strings.HasSuffix(got, want) {
			t.Errorf("the description is %q, want it to end in %q", got, want)
		}
	}
}

func TestSetThreadsRefuses(t *testing.T) {
	silent := &Implementation{lib: &library{name: "libblas.so.3"}}
	for _, tt := range []struct {
		b    *Implementation
		n    int
		want string
	}{
		{new(Implementation), 2, "blas: SetThreads: there must be a library, got none, which uses GOMAXPROCS threads"},
		{new(Implementation), 0, "blas: SetThreads: n must be at least 1, got 0"},
		{silent, -1, "blas: SetThreads: n must be at least 1, got -1"},
		{silent, 2, "blas: SetThreads: library must have a routine for it, got libblas.so.3 without"},
	} {
		if err := tt.b.SetThreads(tt.n); err == nil || err.Error() != tt.want {
			t.Errorf("SetThreads(%d) gives %v, want %s", tt.n, err, tt.want)
		}
	}
	if got, want := silent.Describe(), "BLAS: libblas.so.3"; got != want {
		t.Errorf("the description is %q, want %q", got, want)
	}
}

func TestProducts(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{openblas("OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH Zen MAX_THREADS=64"), "OpenBLAS 0.3.21"},
		{openblas("NO_AFFINITY NEHALEM"), "OpenBLAS"},
		{openblas(""), "OpenBLAS"},
		{mkl("Intel(R) oneAPI Math Kernel Library Version 2024.0-Product Build 20231011 for Intel(R) 64 architecture applications"), "MKL 2024.0"},
		{mkl("Intel(R) Math Kernel Library Version 2018.0.3 Product Build 20180406"), "MKL 2018.0.3"},
		{mkl(""), "MKL"},
	} {
		if tt.got != tt.want {
			t.Errorf("the product is %q, want %q", tt.got, tt.want)
		}
	}
}

func TestCandidates(t *testing.T) {
	for goos, want := range map[string]string{
		"linux":   "libopenblas.so.0",
		"darwin":  "/System/Library/Frameworks/Accelerate.framework/Accelerate",
		"windows": "libopenblas.dll",
	} {
		if !slices.Contains(candidates(goos), want) {
			t.Errorf("%s is not looked for on %s", want, goos)
		}
	}
	if got := candidates("plan9"); len(got) != 0 {
		t.Errorf("%v is looked for on plan9", got)
	}
}

// A wrong answer of any one routine is noticed, and gonum's own are accepted.
func TestDisagreement(t *testing.T) {
	right := float64Routines(gonum.Implementation{})
	if got := disagreement(right, right, smallSizes); got != "" {
		t.Errorf("gonum disagrees with itself in %s", got)
	}
	wrong := map[string]level[float64]{}
	l := right
	l.gemm = func(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
		for i := range c { // keeps the NaN of c where beta is 0
			c[i] *= beta
		}
		right.gemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, 1, c, ldc)
	}
	wrong["gemm"] = l
	l = right
	l.gemv = func(tA blas.Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, incX int, beta float64, y []float64, incY int) {
		right.gemv(tA, m, n, alpha, a, lda, x, incX, beta, y, -incY)
	}
	wrong["gemv"] = l
	l = right
	l.ger = func(int, int, float64, []float64, int, []float64, int, []float64, int) {}
	wrong["ger"] = l
	l = right
	l.dot = func(int, []float64, int, []float64, int) float64 { return 0 }
	wrong["dot"] = l
	l = right
	l.axpy = func(n int, alpha float64, x []float64, incX int, y []float64, incY int) {
		right.axpy(n, -alpha, x, incX, y, incY)
	}
	wrong["axpy"] = l
	l = right
	l.scal = func(n int, alpha float64, x []float64, _ int) { right.scal(n, alpha, x, 1) }
	wrong["scal"] = l
	for name, l := range wrong {
		if got := disagreement(l, right, smallSizes); got != name {
			t.Errorf("a wrong %s is reported as %q", name, got)
		}
	}
}

// checkGonums checks that b computes, and with gonum.
func checkGonums(t *testing.T, b *Implementation) {
	t.Helper()
	if b.builtin {
		t.Error("the built-in products are used, want gonum's")
	}
	checkNoLibrary(t, b)
}

// checkBuiltin checks that b computes, and with package product.
func checkBuiltin(t *testing.T, b *Implementation) {
	t.Helper()
	if !b.builtin {
		t.Error("the built-in products are not used")
	}
	checkNoLibrary(t, b)
}

func checkNoLibrary(t *testing.T, b *Implementation) {
	t.Helper()
	if got := b.Sdot(2, []float32{1, 2}, 1, []float32{3, 4}, 1); got != 11 {
		t.Errorf("the inner product is %v, want 11", got)
	}
	if b.lib != nil {
		t.Errorf("%s is used, want no library", b.Library())
	}
}

// OpenBLAS's threads do not keep the cores from Go for longer than some ten
// microseconds, unless they were told so.
func TestThreadsSleep(t *testing.T) {
	const variable = "OPENBLAS_THREAD_TIMEOUT"
	b, err := Open("library")
	if err != nil {
		t.Skip("no library: ", err)
	}
	routine := symbol(b.lib.handle, "openblas_thread_timeout")
	if routine == 0 || runtime.GOOS == "windows" || os.Getenv(variable) != "" {
		t.Skip("no OpenBLAS that can be asked, or the environment says how long")
	}
	if got := int32(call(routine)); got != 16 {
		t.Errorf("threads wait 2^%d cycles, want 2^16", got)
	}
}
