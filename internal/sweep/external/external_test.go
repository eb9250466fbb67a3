//go:build unix

package external

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/errors"
	"go.uber.org/goleak"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// job is a trial whose progress and artefacts are looked at.
type job struct {
	sweep.Job
	config string
	told   []string
	kept   map[string]string
}

func (j *job) Trial() sweep.Trial { return sweep.Trial{Config: []byte(j.config)} }

func (j *job) Progress(done, of int64) { j.told = append(j.told, fmt.Sprint(done, "/", of)) }

func (j *job) Keep(_ context.Context, name string, data []byte) error {
	if j.kept == nil {
		j.kept = make(map[string]string)
	}
	j.kept[name] = string(data)
	return nil
}

// script returns the program that a shell script is.
func script(t *testing.T, text string) *Program {
	t.Helper()
	p := &Program{Command: sweep.Command{Run: []string{"sh", "-c", text}, Metrics: []string{"error"}}}
	var err error
	if p.Name, err = p.Command.Identify(); err != nil {
		t.Fatal(err)
	}
	return p
}

// A program gets its settings, tells of its progress and returns its metrics; what it
// says on the standard error is its own.
func TestRun(t *testing.T) {
	p := script(t, `read settings; echo "$settings" >&2; echo '{"done": 1, "of": 2}'; echo
		echo "threads $OMP_NUM_THREADS" >&2
		case $settings in '{"lr":0.1,"seed":1}') printf '{"metrics": {"error": -0.25, "nll": 1e3}}' ;; esac; sleep 0 & exit 0`)
	j := &job{config: `{"lr":0.1,"seed":1}`}
	o, err := p.Run(t.Context(), j)
	if err != nil || o.Failure != "" || o.Metrics["error"] != -0.25 || o.Metrics["nll"] != 1000 || len(j.kept) > 0 {
		t.Errorf("got %+v, %v, kept %q", o, err, j.kept)
	}
	if got := fmt.Sprint(j.told); got != "[1/2]" {
		t.Errorf("want [1/2], got %s", got)
	}
}

// Whatever a program does, its trial has a result that says so.
func TestHostile(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"exit 3":          {`echo first >&2; echo "cannot read rows.csv" >&2; exit 3`, "exit status 3: cannot read rows.csv"},
		"exit 3 after":    {`echo '{"metrics": {"error": 1}}'; exit 3`, "exit status 3"},
		"nothing":         {`exit 0`, `standard output must have a line {"metrics": {…}}, got none in 0 lines`},
		"progress alone":  {`echo '{"done": 2, "of": 2}'`, "got none in 1 lines"},
		"garbage":         {`echo "Epoch 1: 0.3"`, `line 1 of standard output must be {"metrics": {…}} or {"done": 1, "of": 10}, got "Epoch 1: 0.3"`},
		"binary":          {`head -c 100 /dev/zero; echo`, "line 1 of standard output must be"},
		"a number":        {`echo 0.3`, "line 1 of standard output must be"},
		"NaN":             {`echo '{"metrics": {"error": NaN}}'`, "numbers must be finite"},
		"too large":       {`echo '{"metrics": {"error": 1e999}}'`, "line 1 of standard output must be"},
		"null":            {`echo '{"metrics": null}'`, "line 1 of standard output must be"},
		"text":            {`echo '{"metrics": {"error": "0.1"}}'`, "line 1 of standard output must be"},
		"both":            {`echo '{"metrics": {"error": 1}, "done": 1}'`, "line 1 of standard output must be"},
		"unknown key":     {`echo '{"metric": {"error": 1}}'`, `unknown key "metric", did you mean "metrics"?`},
		"twice":           {`echo '{"metrics": {"error": 1}}'; echo '{"metrics": {"error": 1}}'`, "line 2 of standard output must come before the metrics"},
		"progress beyond": {`echo '{"done": 3, "of": 2}'`, "must have 0 <= done <= of, got 3 and 2"},
		"a long line":     {`head -c 100000 /dev/zero | tr '\0' x; sleep 60`, "line 1 of standard output must be at most 64 KiB, got more"},
		"no end":          {`yes ''`, "standard output must be at most 16 MiB, got more"},
		"killed":          {`kill -9 $$`, "given up after 3 tries: signal: killed"},
		"escapes":         {"printf '\\033[2Jgone' >&2; exit 1", "exit status 1: \ufffd[2Jgone"},
	} {
		t.Run(name, func(t *testing.T) {
			j := &job{config: `{"seed":1}`}
			o, err := script(t, tt.script).Run(t.Context(), j)
			if err != nil || !strings.Contains(o.Failure, tt.want) || o.Metrics != nil {
				t.Errorf("want %q, got %+v, %v", tt.want, o, err)
			}
			if name == "exit 3" && j.kept["stderr.txt"] != "first\ncannot read rows.csv\n" {
				t.Errorf("got %q", j.kept)
			}
		})
	}
}

// A trial that cannot be done here and now goes back to the queue.
func TestAgain(t *testing.T) {
	_, err := script(t, `echo "the GPU is taken" >&2; exit 75`).Run(t.Context(), &job{config: "{}"})
	if err == nil || !strings.Contains(err.Error(), "to be tried again: exit status 75: the GPU is taken") {
		t.Errorf("got %v", err)
	}
}

// ended waits until the process whose number is in a file is gone.
func ended(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		// One that has ended stays as a zombie if nobody waits for it.
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("process %d is left", pid)
		}
	}
}

// A program that does not end is ended, with what it has started, when its time is up or
// the worker stops.
func TestEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	p := script(t, `sleep 600 & echo $! > `+file+`.new; mv `+file+`.new `+file+`; wait`)
	p.Time = 300 * time.Millisecond
	o, err := p.Run(t.Context(), &job{config: "{}"})
	if err != nil || o.Failure != "took longer than 300ms" {
		t.Errorf("got %+v, %v", o, err)
	}
	if _, err := os.Stat(file); err == nil { // unless the machine was too slow
		ended(t, file)
	}
	os.Remove(file)
	p.Time = 0
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(file); err == nil {
				break
			}
		}
		stop()
	}()
	if _, err := p.Run(ctx, &job{config: "{}"}); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
	ended(t, file)
	// A program may end before what it has started, which holds its output.
	os.Remove(file)
	p = script(t, `sleep 600 & echo $! > `+file+`; echo '{"metrics": {"error": 1}}'`)
	if o, err := p.Run(t.Context(), &job{config: "{}"}); err != nil || o.Metrics["error"] != 1 {
		t.Errorf("got %+v, %v", o, err)
	}
	ended(t, file)
}

// A program that takes too much memory, itself or by what it has started, is ended.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a group of processes is known on Linux")
	}
	p := script(t, `{ head -c 100000000 /dev/zero | tail -c 100000000 | { sleep 600; cat; } > /dev/null; }; sleep 600`)
	p.Memory = 48 << 20
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	o, err := p.Run(ctx, &job{config: "{}"})
	if err != nil || !strings.Contains(o.Failure, "memory must be at most 48.0 MiB, got ") {
		t.Errorf("got %+v, %v", o, err)
	}
}

// A program whose files have changed is another.
func TestChanged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "train.sh")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`echo '{"metrics": {"error": 1}}'`)
	p := &Program{Command: sweep.Command{Run: []string{"sh", file}}}
	var err error
	if p.Name, err = p.Command.Identify(); err != nil {
		t.Fatal(err)
	}
	if o, err := p.Run(t.Context(), &job{config: "{}"}); err != nil || o.Metrics["error"] != 1 {
		t.Errorf("got %+v, %v", o, err)
	}
	write(`echo '{"metrics": {"error": 2}}'`)
	if _, err := p.Run(t.Context(), &job{config: "{}"}); err == nil || !strings.Contains(err.Error(), "its files have changed") {
		t.Errorf("got %v", err)
	}
}

func TestNormalize(t *testing.T) {
	p := &Program{}
	got, err := p.Normalize([]byte(`{"b": [1.0, {"z": "<"}], "a": 1e0, "seed": 3}`))
	if want := `{"a":1,"b":[1,{"z":"\u003c"}],"seed":3}`; err != nil || string(got) != want {
		t.Errorf("want %s, got %s, %v", want, got, err)
	}
	if again, err := p.Normalize(got); err != nil || string(again) != string(got) {
		t.Errorf("want %s, got %s, %v", got, again, err)
	}
	for _, bad := range []string{`[]`, `{"a": 9007199254740993e1}`} {
		if got, err := p.Normalize([]byte(bad)); err == nil {
			t.Errorf("%s: want an error, got %s", bad, got)
		}
	}
}
