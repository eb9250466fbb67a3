package child_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/child"
)

// TestMain makes the test program a process for trials where it is told to.
func TestMain(m *testing.M) {
	if os.Getenv("CHILD_TEST") != "" {
		err := child.Serve(context.Background(), os.Stdin, os.Stdout, map[string]sweep.Program{"told": told{}}, child.Limits{Memory: 256 << 20})
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// told is a program that does as its configuration says.
type told struct{}

func (told) Metrics() []string                       { return []string{"n"} }
func (told) Normalize(config []byte) ([]byte, error) { return config, nil }

func (told) Run(ctx context.Context, j sweep.Job) (sweep.Outcome, error) {
	var c struct{ Do string }
	if err := json.Unmarshal(j.Trial().Config, &c); err != nil {
		return sweep.Outcome{}, err
	}
	state, err := j.Checkpoint(ctx)
	if err != nil {
		return sweep.Outcome{}, err
	}
	switch c.Do {
	case "panic":
		panic("as\ntold")
	case "elsewhere":
		go panic("as told")
		select {}
	case "exit":
		os.Exit(7)
	case "memory":
		for all := [][]byte{}; ; time.Sleep(time.Millisecond) {
			all = append(all, bytes.Repeat([]byte{1}, 16<<20))
		}
	case "hang":
		select {}
	case "not here":
		return sweep.Outcome{}, errors.New("not here")
	case "crash once", "crash twice":
		j.Progress(int64(len(state)), 3)
		if err := j.SaveCheckpoint(ctx, append(state, 'x')); err != nil {
			return sweep.Outcome{}, err
		}
		if n := map[string]int{"crash once": 1, "crash twice": 2}[c.Do]; len(state) < n {
			os.Exit(1)
		}
	}
	if err := j.Keep(ctx, "note", []byte("kept")); err != nil {
		return sweep.Outcome{}, err
	}
	return sweep.Outcome{Metrics: map[string]float64{"n": float64(len(state))}}, nil
}

// job is a trial that remembers.
type job struct {
	do          string
	state, kept []byte
	begun       int
}

func (j *job) Trial() sweep.Trial {
	return sweep.Trial{Program: "told", Config: []byte(`{"do":"` + j.do + `"}`)}
}
func (j *job) Checkpoint(context.Context) ([]byte, error) { j.begun++; return j.state, nil }
func (j *job) SaveCheckpoint(_ context.Context, data []byte) error {
	j.state = data
	return nil
}
func (j *job) Progress(int64, int64) {}
func (j *job) Keep(_ context.Context, _ string, data []byte) error {
	j.kept = data
	return nil
}

func program(t *testing.T, limit time.Duration) *child.Program {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Skip("the test program cannot be found: ", err)
	}
	p := &child.Program{Program: told{}, Time: limit, Process: &child.Process{Command: func() *exec.Cmd {
		cmd := exec.Command(name)
		cmd.Env = append(os.Environ(), "CHILD_TEST=1")
		return cmd
	}}}
	t.Cleanup(p.Process.Close)
	return p
}

// Whatever a trial does, the next one gets its result; what crashes is begun three
// times and then a failure with its reason.
func TestMisbehaviour(t *testing.T) {
	p := program(t, time.Hour)
	hasty := program(t, 300*time.Millisecond)
	for _, tt := range []struct {
		do      string
		p       *child.Program
		failure string
		begun   int
	}{
		{"nothing", p, "", 1},
		{"panic", p, "panic: as told", 1},
		{"elsewhere", p, "given up after 3 tries: process ended: panic: as told", 3},
		{"exit", p, "given up after 3 tries: process ended: exit status 7", 3},
		{"memory", p, "given up after 3 tries: process ended: memory must be at most 256.0 MiB, got ", 3},
		{"hang", hasty, "given up after 3 tries: took longer than 300ms", 3},
		{"crash once", p, "", 2},
		{"crash twice", p, "", 3},
		{"nothing", p, "", 1},
	} {
		j := &job{do: tt.do}
		o, err := tt.p.Run(t.Context(), j)
		if err != nil || j.begun != tt.begun || (tt.failure == "") != (o.Failure == "") || !strings.HasPrefix(o.Failure, tt.failure) {
			t.Errorf("%s: want failure %q in %d tries, got %+v in %d, %v", tt.do, tt.failure, tt.begun, o, j.begun, err)
		}
		if tt.failure == "" && (string(j.kept) != "kept" || int(o.Metrics["n"]) != tt.begun-1) {
			t.Errorf("%s: got %+v, kept %q", tt.do, o, j.kept)
		}
	}
	if _, err := p.Run(t.Context(), &job{do: "not here"}); err == nil || err.Error() != "not here" {
		t.Errorf("an error of the machine is not the trial's, got %v", err)
	}
}

// Who is told to stop does not wait for a trial that hangs.
func TestStop(t *testing.T) {
	p := program(t, 0)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := p.Run(ctx, &job{do: "hang"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if o, err := p.Run(t.Context(), &job{do: "nothing"}); err != nil || o.Failure != "" {
		t.Errorf("afterwards: %+v, %v", o, err)
	}
}
