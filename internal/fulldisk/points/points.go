// Package points finds the places at which a command writes, and makes one of them fail,
// for tests of what is left and of resuming.
package points

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
)

// A Point is a step of a file, the N-th time that the command takes it, from 1.
type Point struct {
	Step fulldisk.Step
	File string // its name without the directory
	N    int
}

// String returns the point in words.
func (p Point) String() string { return fmt.Sprintf("%s %s (%d)", p.Step, p.File, p.N) }

// Of runs a command and returns the points of its files: each step of each file, the
// first and the last time. A command with several goroutines that write may come to
// them in another order the next time.
func Of(run func()) []Point {
	var mu sync.Mutex
	var all, some []Point
	times := make(map[Point]int)
	stop := fulldisk.Inject(func(step fulldisk.Step, path string) error {
		mu.Lock()
		defer mu.Unlock()
		p := Point{Step: step, File: filepath.Base(path)}
		times[p]++
		p.N = times[p]
		all = append(all, p)
		return nil
	})
	defer stop()
	run()
	mu.Lock()
	defer mu.Unlock()
	for _, p := range all {
		if p.N == 1 || p.N == times[Point{Step: p.Step, File: p.File}] {
			some = append(some, p)
		}
	}
	return some
}

// EveryVariable is that of the environment that makes Some return all points.
const EveryVariable = "DROPOUT_EVERY_FAULT"

// Some returns every n-th point, to save time, or all with the environment's
// [EveryVariable]. If n is odd, the steps change from file to file, which has four.
func Some(all []Point, n int) (some []Point) {
	for i, p := range all {
		if i%n == 0 || os.Getenv(EveryVariable) != "" {
			some = append(some, p)
		}
	}
	return some
}

// Fail runs a command in which a point fails with err, and nothing else does.
func Fail(at Point, err error, run func()) {
	var mu sync.Mutex
	n := 0
	stop := fulldisk.Inject(func(step fulldisk.Step, path string) error {
		mu.Lock()
		defer mu.Unlock()
		if step == at.Step && filepath.Base(path) == at.File {
			if n++; n == at.N {
				return err
			}
		}
		return nil
	})
	defer stop()
	run()
}

// Command fails a point of a command line, which returns what it has written for people
// and its exit code: it must end with 1, and with err in its last line.
func Command(t testing.TB, at Point, err error, run func() (log string, code int)) {
	t.Helper()
	var log string
	var code int
	Fail(at, err, func() { log, code = run() })
	if lines := strings.Split(strings.TrimSpace(log), "\n"); code != 1 || !strings.Contains(lines[len(lines)-1], err.Error()) {
		t.Errorf("%v: want exit 1 and %q in the last line, got %d and\n%s", at, err, code, log)
	}
}

// Errors are those of a full and of a broken disk.
var Errors = []error{syscall.ENOSPC, syscall.EIO}
