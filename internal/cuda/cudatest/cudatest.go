// Package cudatest gives tests a CUDA device: the host by a driver made for tests, which
// is in the folder internal/cuda/fake, or a real one if DROPOUT_CUDA_REAL is 1.
//
//	d := cudatest.Open(t)
//	m, err := d.Load(kernels.PTX)
package cudatest

import (
	_ "embed"
	"os"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
)

// PTX has the kernels of test.cu, which the driver for tests has too.
//
//go:generate go run ../kernels/gen ../kernels/source test.cu test.ptx
//go:embed test.ptx
var PTX []byte

// realVariable is the environment variable that asks for a real device.
const realVariable = "DROPOUT_CUDA_REAL"

// Real tells whether tests have a real device.
func Real() bool { return os.Getenv(realVariable) == "1" }

// Library makes [cuda.Open] load the driver for tests until the test ends, and returns
// its path. The path is empty with a real device. The test is skipped if the driver cannot
// be built for want of a compiler or sources.
func Library(t testing.TB) string {
	t.Helper()
	if Real() {
		return ""
	}
	path, err := library()
	if missing := missingError(""); errors.As(err, &missing) {
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(cuda.Variable, path)
	return path
}

// Open opens the device of tests. When the test ends it is closed, and the test fails if
// anything on it was not freed.
func Open(t testing.TB) *cuda.Device {
	t.Helper()
	path := Library(t)
	before := live(t, path)
	d, err := cuda.Open("cuda:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if n := live(t, path) - before; n != 0 {
			t.Errorf("the driver has %d things more than before the test, want 0", n)
		}
	})
	return d
}

// Fail makes a function of the driver for tests fail once, after a number of calls that
// succeed. The function "execute" is what a stream does: its failure comes back when
// something waits for it. The test is skipped with a real device.
func Fail(t testing.TB, function string, after int, code cuda.Code) {
	t.Helper()
	path := fake(t)
	t.Cleanup(func() { heal(t, path) })
	fail(t, path, function, after, code)
}

// WithoutDevice makes the driver for tests have no device until the test ends. The test
// is skipped with a real device.
func WithoutDevice(t testing.TB) {
	t.Helper()
	path := fake(t)
	t.Cleanup(func() { heal(t, path) })
	withoutDevice(t, path)
}

// Slow makes each call of the driver for tests take some microseconds more until the test
// ends, so that goroutines move between threads. It does nothing with a real device.
func Slow(t testing.TB, microseconds int) {
	t.Helper()
	if Real() {
		return
	}
	path := Library(t)
	t.Cleanup(func() { heal(t, path) })
	slow(t, path, microseconds)
}

// Live returns how many allocations, streams, events, modules and graphs the driver for
// tests has. The test is skipped with a real device.
func Live(t testing.TB) int {
	t.Helper()
	return live(t, fake(t))
}

// fake returns the path of the driver for tests.
func fake(t testing.TB) string {
	t.Helper()
	if Real() {
		t.Skip("a real driver does not fail on demand")
	}
	return Library(t)
}

// Reset makes the driver for tests work again after an error of the device, which a real
// one never does: the test may free what it has.
func Reset(t testing.TB) {
	t.Helper()
	reset(t, fake(t))
}
