package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep/connect"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// serveTrials starts a server of sweeps and returns its address.
func serveTrials(t *testing.T) string {
	t.Helper()
	s, err := queue.StartServer(queue.ServerConfig{Store: filepath.Join(t.TempDir(), "store")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	// The trial of a worker that was killed soon goes to another.
	if _, err := queue.Open(t.Context(), nc, time.Second); err != nil {
		t.Fatal(err)
	}
	t.Setenv(connect.KeyVariable, s.Connection().Key)
	return s.Connection().URL
}

// storedResults returns a function that counts the results on a server.
func storedResults(t *testing.T, url string) func() int {
	t.Helper()
	at := queue.Connection{URL: url, Key: os.Getenv(connect.KeyVariable)}
	nc, err := at.Dial(t.Context(), "test", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	results, err := js.KeyValue(t.Context(), "sweep_results")
	if err != nil {
		t.Fatal(err)
	}
	return func() int {
		keys, err := results.Keys(t.Context())
		if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
			t.Fatal(err)
		}
		return len(keys)
	}
}

// startCommand starts the command as a process of its own.
func startCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Skip("the test program cannot be found: ", err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "DROPOUT_TEST_COMMAND=1")
	log := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%q\n%s", args, log)
		}
	})
	return cmd
}

// trialsIn returns the trials of a run, in order and without their times.
func trialsIn(t *testing.T, dir string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(timeless(readFile(t, filepath.Join(dir, "trials.jsonl")))), "\n")
	slices.Sort(lines)
	return lines
}

// TestRemote spreads a comparison over two worker processes, one of which is killed: every
// trial, the results and the model are those of a comparison in this process, bit for bit.
func TestRemote(t *testing.T) {
	path := write(t, "prices.csv", dirty())
	local, remote := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "run")
	args := []string{"-t", "price", "--folds", "2", "--repeats", "1", "--epochs", "30", "--rounds", "2"}
	want := must(t, slices.Concat([]string{"compare", path, "--out", local}, args)...)
	url := serveTrials(t)
	// On the other machines the file may have another name, but the same contents.
	copied := write(t, "copy.csv", dirty())
	// A worker with other data takes nothing.
	startCommand(t, "worker", write(t, "other.csv", dirty()+"\n"), "--nats", url, "--workers", "1")
	killed := startCommand(t, "worker", copied, "--nats", url, "--workers", "1")
	run := startCommand(t, slices.Concat([]string{"compare", path, "--out", remote, "--nats", url, "--workers", "0"}, args)...)
	kept := storedResults(t, url)
	for end := time.Now().Add(60 * time.Second); kept() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the worker has trained nothing")
		}
	}
	// It has begun the next trial, most likely, which goes to the other worker.
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	startCommand(t, "worker", copied, "--nats", url, "--workers", "1")
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	if a, b := trialsIn(t, local), trialsIn(t, remote); !slices.Equal(a, b) {
		t.Errorf("trials must be\n%s\ngot\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	if len(trialsIn(t, remote)) < 2*2*2 {
		t.Error("there must be two rounds of two arms, at least")
	}
	for _, name := range []string{modelFile, resultsFile} {
		a, b := readFile(t, filepath.Join(local, name)), readFile(t, filepath.Join(remote, name))
		if timeless(a) != timeless(b) {
			t.Errorf("%s must be the same, got %d and %d bytes", name, len(a), len(b))
		}
	}
	results := regexp.MustCompile(`(?s)  +RMSE.*tuning parts`)
	got := run.Stdout.(*bytes.Buffer).String()
	if a, b := results.FindString(want), results.FindString(got); a == "" || a != b {
		t.Errorf("results must be\n%s\ngot\n%s", a, b)
	}
	if n := kept(); n > 0 {
		t.Errorf("nothing must be left on the server, got %d results", n)
	}
	// The run goes on here, as if it had never been elsewhere.
	for _, dir := range []string{local, remote} {
		must(t, "compare", "--resume", dir, "--rounds", "3")
	}
	if a, b := trialsIn(t, local), trialsIn(t, remote); !slices.Equal(a, b) {
		t.Errorf("trials must be\n%s\ngot\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
}

// TestRemoteHere trains with workers of the same process, ends in time, and goes on by the
// server again.
func TestRemoteHere(t *testing.T) {
	path, dir := write(t, "prices.csv", dirty()), filepath.Join(t.TempDir(), "run")
	url := serveTrials(t)
	// Long enough for one round, if not for all.
	must(t, "compare", path, "-t", "price", "--folds", "2", "--repeats", "1", "--epochs", "2", "--time", "3s", "--out", dir, "--nats", url)
	must(t, "compare", "--resume", dir, "--rounds", "1", "--nats", url)
	var o struct {
		Ways []json.RawMessage `json:"ways"`
	}
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(dir, resultsFile))), &o); err != nil || len(o.Ways) == 0 {
		t.Errorf("got %v, %v", o, err)
	}
}

func TestRemoteUsage(t *testing.T) {
	path := write(t, "prices.csv", dirty())
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"worker", path}, "--nats must name a server, got none"},
		{[]string{"worker", path, "--nats", "nats://127.0.0.1:1", "--workers", "0"}, "--workers must be in [1, 1024]"},
		{[]string{"compare", path, "-t", "price", "--workers", "0"}, "--workers must be in [1, 1024], or 0 with --nats, got 0"},
		{[]string{"compare", path, "-t", "price", "--workers", "100000000"}, "--workers must be in [1, 1024], or 0 with --nats, got 100000000"},
	} {
		if _, log, code := command(tt.args...); code != 2 || !strings.Contains(log, tt.want) {
			t.Errorf("%q: want code 2 and %q, got %d: %s", tt.args, tt.want, code, log)
		}
	}
}
