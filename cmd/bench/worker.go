package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/blas"
)

// The process of a case reads lines "run 250" and answers each, after steps of
// about 250 milliseconds in all, with an answer in JSON. The end of the input ends
// it. Those of PyTorch and GoMLX do the same.

// An answer is what came of one turn.
type answer struct {
	Steps  int     `json:"steps"`
	Best   float64 `json:"best_ns"` // the fastest step
	Median float64 `json:"median_ns"`
	// Bytes is what a step allocated on the average, where that is known.
	Bytes *float64 `json:"bytes_per_step,omitempty"`
	// Peak is the largest resident memory of the process so far, 0 if not known.
	Peak int `json:"peak_kib"`
	// About is what the process has to say about itself.
	About string `json:"about"`
}

// serve is the process of a case of this program.
func serve(name, profile string, in io.Reader, out io.Writer) (err error) {
	i := slices.IndexFunc(cases(), func(c *benchCase) bool { return c.Name == name && c.with == own })
	if i < 0 {
		return errors.Errorf("no case of this program is called %q", name)
	}
	b, err := blas.Open(os.Getenv(blas.Variable))
	if err != nil {
		return errors.Wrap(err, name)
	}
	gorgonia.Use(b)
	work, err := cases()[i].work()
	if err != nil {
		return errors.Wrap(err, name)
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer func() {
			pprof.StopCPUProfile()
			if e := f.Close(); err == nil {
				err = e
			}
		}()
	}
	t := newTurns(in, out, b.Describe())
	if err := work(t.next); err != nil {
		return errors.Wrap(err, name)
	}
	return t.err
}

// turns measures steps as they are asked for.
type turns struct {
	in    *bufio.Scanner
	out   *json.Encoder
	about string
	err   error

	turn   time.Duration // 0 before the first
	began  time.Time
	last   time.Time
	times  []float64
	before runtime.MemStats
}

func newTurns(in io.Reader, out io.Writer, about string) *turns {
	// Memory for the times is there beforehand, so as not to count as the steps'.
	return &turns{in: bufio.NewScanner(in), out: json.NewEncoder(out), about: about, times: make([]float64, 0, 1<<16)}
}

// next is called around each step; see loop.
func (t *turns) next() bool {
	if t.turn > 0 {
		now := time.Now()
		if t.times = append(t.times, float64(now.Sub(t.last))); now.Sub(t.began) < t.turn && len(t.times) < cap(t.times) {
			t.last = now
			return true
		}
		if t.err = t.out.Encode(t.answer()); t.err != nil {
			return false
		}
	}
	if !t.in.Scan() {
		t.err = t.in.Err()
		return false
	}
	ms, err := strconv.ParseFloat(strings.TrimPrefix(t.in.Text(), "run "), 64)
	if err != nil || !(ms > 0 && ms < 1e9) {
		t.err = errors.Errorf("expected a line as \"run 250\", got %q", t.in.Text())
		return false
	}
	t.turn, t.times = time.Duration(ms*float64(time.Millisecond)), t.times[:0]
	runtime.ReadMemStats(&t.before)
	t.began = time.Now()
	t.last = t.began
	return true
}

func (t *turns) answer() answer {
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	n := len(t.times)
	bytes := float64(after.TotalAlloc-t.before.TotalAlloc) / float64(n)
	slices.Sort(t.times)
	return answer{Steps: n, Best: t.times[0], Median: t.times[n/2], Bytes: &bytes, Peak: peakMemory(), About: t.about}
}

// peakMemory is the largest resident memory of the process so far in KiB, 0 where the
// system does not tell.
func peakMemory() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}
