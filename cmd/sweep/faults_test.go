package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// TestMain makes the test program the command itself where it is told to, so
// that tests can start and kill it.
func TestMain(m *testing.M) {
	if os.Getenv("SWEEP_TEST_COMMAND") != "" {
		commandLine().Main()
	}
	os.Exit(m.Run())
}

// A process is a run of the command that can be killed and started again.
type process struct {
	t    *testing.T
	args []string
	env  []string
	log  bytes.Buffer
	// stderr is where its log goes; nil is to log.
	stderr *os.File

	mu  sync.Mutex
	cmd *exec.Cmd
}

func (p *process) start() {
	p.t.Helper()
	program, err := os.Executable()
	if err != nil {
		p.t.Skip("the test program cannot be found: ", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = exec.Command(program, p.args...)
	p.cmd.Env = append(append(os.Environ(), "SWEEP_TEST_COMMAND=1"), p.env...)
	p.cmd.Stderr = &p.log
	if p.stderr != nil {
		p.cmd.Stderr = p.stderr
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Error(err)
	}
}

// kill ends the process as a power failure would.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// cluster is a server and workers, each a process.
type cluster struct {
	store   string
	server  *process
	workers []*process
}

func newCluster(t *testing.T, workers int) *cluster {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c := &cluster{store: filepath.Join(t.TempDir(), "store")}
	c.server = &process{t: t, args: []string{"server", "--store", c.store, "--listen", address, "--ack-wait", "1s"}}
	c.server.start()
	var connection queue.Connection
	for end := time.Now().Add(20 * time.Second); connection.URL == ""; time.Sleep(20 * time.Millisecond) {
		if connection, _ = queue.LoadConnection(c.store); time.Now().After(end) {
			t.Fatalf("no server: %s", c.server.log.String())
		}
	}
	for i := range workers {
		w := &process{t: t, env: []string{connect.KeyVariable + "=" + connection.Key}}
		w.args = []string{"worker", "--nats", connection.URL, "--name", fmt.Sprint("w", i), "--checkpoints", "50ms"}
		w.start()
		c.workers = append(c.workers, w)
	}
	t.Cleanup(func() {
		for _, p := range append(c.workers, c.server) {
			p.kill()
			if t.Failed() {
				t.Logf("%v\n%s", p.args[0], p.log.String())
			}
		}
	})
	return c
}

// open connects this process.
func (c *cluster) open(ctx context.Context, t *testing.T) *queue.Queue {
	connection, err := queue.LoadConnection(c.store)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := connection.Dial(t.Context(), "test", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	q, err := queue.Open(ctx, nc, 0)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func specs(suffix string, fakes, reals int) []*sweep.Spec {
	x := make([]any, fakes)
	for i := range x {
		x[i] = float64(i) / 1000
	}
	p := make([]any, reals/2)
	for i := range p {
		p[i] = float64(i) / 10
	}
	return []*sweep.Spec{
		{Name: "fake" + suffix, Program: "fake", Settings: map[string]any{"millis": 20}, Space: map[string]sweep.Range{"x": {Values: x}}},
		{Name: "real" + suffix, Settings: map[string]any{"train": 500, "validation": 500, "hidden": []int{64}, "epochs": 50, "batch": 25},
			Space: map[string]sweep.Range{"p": {Values: p}}, Seeds: 2},
	}
}

// makeAll makes both sweeps at the same time.
func makeAll(ctx context.Context, t *testing.T, q *queue.Queue, list []*sweep.Spec) []map[string]sweep.Result {
	all := make([]map[string]sweep.Result, len(list))
	var wg sync.WaitGroup
	for i, s := range list {
		if err := s.Complete(); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			var err error
			if all[i], err = q.Run(ctx, s, programs(0)[s.Program], nil); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		})
	}
	wg.Wait()
	return all
}

// Workers are killed at random and the server once: every trial has one result,
// that of a run without faults.
func TestFaults(t *testing.T) {
	fakes, reals := 200, 12
	if testing.Short() {
		fakes, reals = 40, 4
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()

	calm := newCluster(t, 2)
	want := makeAll(ctx, t, calm.open(ctx, t), specs("", fakes, reals))
	for _, w := range calm.workers {
		w.kill()
	}

	c := newCluster(t, 3)
	q := c.open(ctx, t)
	storm, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	kills, restarts := 0, 0
	wg.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		for n := 0; ; n++ {
			select {
			case <-storm.Done():
				return
			case <-time.After(time.Duration(150+r.IntN(250)) * time.Millisecond):
			}
			w := c.workers[r.IntN(len(c.workers))]
			w.kill()
			w.start()
			if kills++; kills == 4 {
				c.server.kill()
				time.Sleep(300 * time.Millisecond)
				c.server.start()
				restarts++
			}
			// Not so often that none ever comes to its end.
			if n >= 20 {
				return
			}
		}
	})
	got := makeAll(ctx, t, q, specs("", fakes, reals))
	stop()
	wg.Wait()
	t.Logf("%d workers and %d servers were killed", kills, restarts)

	attempts, resumed := 0, 0
	for i, s := range specs("", fakes, reals) {
		if len(got[i]) != len(want[i]) || len(got[i]) != []int{fakes, reals}[i] {
			t.Errorf("%s: want %d results, got %d", s.Name, len(want[i]), len(got[i]))
		}
		for id, w := range want[i] {
			g := got[i][id]
			if !maps.Equal(g.Metrics, w.Metrics) || g.Fingerprint != w.Fingerprint || g.Failure != "" || w.Fingerprint == "" {
				t.Errorf("%s %s: want %+v, got %+v", s.Name, id, w.Outcome, g.Outcome)
			}
			attempts += int(g.Deliveries)
			if g.Resumed {
				resumed++
			}
		}
		if err := s.Complete(); err != nil {
			t.Fatal(err)
		}
		plan, err := sweep.NewPlan(ctx, s, programs(0)[s.Program])
		if err != nil {
			t.Fatal(err)
		}
		kept, err := q.Results(ctx, plan)
		if err != nil || len(kept.Results) != len(want[i]) || kept.Foreign+kept.Damaged > 0 {
			t.Errorf("%s: want %d results kept, got %+v, %v", s.Name, len(want[i]), kept, err)
		}
		if dead, err := q.Dead(ctx, s.Name); err != nil || len(dead) > 0 {
			t.Errorf("%s: want no dead letters, got %v, %v", s.Name, dead, err)
		}
	}
	t.Logf("%d attempts, %d trials went on from a checkpoint", attempts, resumed)
	// The last acknowledgements may still be on their way.
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		waiting, err := q.Waiting(ctx, "fake")
		if err == nil && len(waiting) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the queue must become empty, got %d, %v", len(waiting), err)
		}
	}
}
