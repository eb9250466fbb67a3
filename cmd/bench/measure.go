package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/pkg/errors"
)

// A measured case. It has either rounds or an error.
type measured struct {
	Name   string   `json:"name"`
	Group  string   `json:"group"`
	Title  string   `json:"title"`
	Amount *amount  `json:"amount,omitempty"` // what a step does
	Point  *point   `json:"point,omitempty"`
	Rounds []answer `json:"rounds,omitempty"`
	Error  string   `json:"error,omitempty"`
}

func newMeasured(b *benchCase) *measured {
	m := &measured{Name: b.Name, Group: b.Group, Title: b.Title, Point: b.point}
	if b.amount.Of > 0 {
		m.Amount = &b.amount
	}
	return m
}

// times returns the time of each round in nanoseconds.
func (m *measured) times() []float64 {
	t := make([]float64, len(m.Rounds))
	for i, r := range m.Rounds {
		t[i] = r.Best
	}
	return t
}

// patience is how long a turn may take for a case to have another one.
const patience = 5 * time.Second

// rest is what lies between turns. The idle threads of some libraries, OpenBLAS's in
// PyTorch among them, look for work for almost 30 milliseconds, on a core that the next
// case needs.
const rest = 50 * time.Millisecond

// measurement is how measuring is done.
type measurement struct {
	rounds int
	turn   time.Duration
	log    io.Writer
}

// all measures the cases, group by group.
func (m *measurement) all(ctx context.Context, chosen []*benchCase, with *programs) ([]*measured, error) {
	var results []*measured
	for len(chosen) > 0 {
		n := slices.IndexFunc(chosen, func(b *benchCase) bool { return b.Group != chosen[0].Group })
		if n < 0 {
			n = len(chosen)
		}
		group, err := m.group(ctx, chosen[:n], with)
		if err != nil {
			return nil, err
		}
		results = append(results, group...)
		chosen = chosen[n:]
	}
	return results, nil
}

// group measures cases in turns, in another order each round, so that none always
// follows the same other one.
func (m *measurement) group(ctx context.Context, cases []*benchCase, with *programs) ([]*measured, error) {
	results := make([]*measured, len(cases))
	workers := make([]*worker, len(cases))
	defer func() {
		for _, w := range workers {
			if w != nil {
				w.stop()
			}
		}
	}()
	for i, b := range cases {
		results[i] = newMeasured(b)
		w, err := start(ctx, b, with)
		if err == nil {
			workers[i] = w
		}
		fail(results[i], &workers[i], err)
	}
	// All have been started before, since PyTorch takes seconds to load.
	for i, w := range workers {
		if w != nil {
			// The first turn compiles, and fills memory and caches.
			_, err := w.run(m.turn / 2)
			fail(results[i], &workers[i], err)
		}
	}
	for round := range m.rounds {
		fmt.Fprintf(m.log, "%s: round %d of %d\n", cases[0].Group, round+1, m.rounds)
		for _, i := range rand.New(rand.NewPCG(uint64(round), 0)).Perm(len(workers)) {
			w := workers[i]
			if w == nil {
				continue
			}
			time.Sleep(rest)
			began := time.Now()
			a, err := w.run(m.turn)
			if err == nil {
				results[i].Rounds = append(results[i].Rounds, a)
			}
			fail(results[i], &workers[i], err)
			if err == nil && time.Since(began) > patience {
				w.stop()
				workers[i] = nil
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// fail takes a case out that went wrong.
func fail(r *measured, w **worker, err error) {
	if err == nil {
		return
	}
	r.Rounds, r.Error = nil, err.Error()
	if *w != nil {
		(*w).stop()
		*w = nil
	}
}

// worker is the process of a case.
type worker struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	trouble strings.Builder
}

func start(ctx context.Context, b *benchCase, with *programs) (*worker, error) {
	line, env, err := with.command(b)
	if err != nil {
		return nil, err
	}
	w := &worker{cmd: exec.CommandContext(ctx, line[0], line[1:]...)}
	w.cmd.Env = slices.Concat(environment(os.Environ()), alike(os.Getenv(isa.Variable), isa.Supported()), env)
	w.cmd.Stderr = &w.trouble
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.in, w.out = in, bufio.NewReader(out)
	return w, w.cmd.Start()
}

// run gives the process a turn.
func (w *worker) run(turn time.Duration) (answer, error) {
	var line string
	_, err := fmt.Fprintf(w.in, "run %g\n", float64(turn)/float64(time.Millisecond))
	if err == nil {
		line, err = w.out.ReadString('\n')
	}
	if err != nil {
		w.stop()
		if said := strings.TrimSpace(w.trouble.String()); said != "" {
			return answer{}, errors.New(complaint(said))
		}
		return answer{}, errors.Wrap(err, "the process ended")
	}
	return parse(line)
}

// complaint returns the line that says why a process failed. A panic begins with it, and a
// stack follows; of anything else, such as a traceback of Python, it is the last line.
func complaint(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
	}
	return lines[len(lines)-1]
}

// parse reads an answer.
func parse(line string) (a answer, err error) {
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		return answer{}, errors.Wrapf(err, "expected an answer in JSON, got %q", strings.TrimSpace(line))
	}
	if a.Steps < 1 || !(a.Best > 0) || !(a.Median >= a.Best) {
		return answer{}, errors.Errorf("expected at least one step and positive times, got %q", strings.TrimSpace(line))
	}
	return a, nil
}

// stop ends the process.
func (w *worker) stop() {
	_ = w.in.Close()
	// It ends at the end of its input; what it says then does not matter.
	_ = w.cmd.Wait()
}
