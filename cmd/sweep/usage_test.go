package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/shell"
)

// What is wrong with a command line or its spec is one line that names it, before
// the first trial, and exit code 2.
func TestUsage(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--workers=-1", "--name", "a"}, "--workers must be in [0, 1024], got -1"},
		{nil, "name must be 1 to 63 of"},
		{[]string{"--name", "a", "--metric", "accuracy"}, `metric must be one of error, nll, train_error, train_nll, steps, got "accuracy"`},
		{[]string{"--name", "a", "--grid", "seed=1,2,3"}, "seed must be left to seeds"},
		{[]string{"--name", "a", "--grid", "hidden=8,16"}, "mnist: hidden: must be a list, got 8"},
		{[]string{"--name", "a", "--grid", "P=0,0.3,0.9"}, `mnist: unknown key "P", did you mean "p"?`},
		{[]string{"--name", "a", "--set", "epochs=1.9"}, "mnist: epochs: must be a whole number in digits, got 1.9"},
		{[]string{"--name", "a", "--set", "schedule=coshne"}, `got "coshne", did you mean "cosine"?`},
		{[]string{"--name", "a", "--grid", "p=0.1,0.2,0.1"}, "space: p: must have different values, got 0.1 twice"},
		{[]string{"--name", "a", "--grid", "p=0.1", "--set", "p=0.2"}, "--set: p must be given once"},
		{[]string{"--name", "a", "--grid", "p=0,1.5"}, "p must be in [0, 1], got 1.5"},
		{[]string{"--name", "a", "--space", "p={uniform: [0.5, 1.5]}", "--trials", "9"}, "p must be in [0, 1]"},
		{[]string{"--name", "a", "--trials", "9223372036854775807", "--space", "p={uniform: [0, 1]}"}, "trials must be in [1, 100000]"},
		{[]string{"--name", "a", "--method", "halving", "--trials", "3", "--halving", "{resource: seed, min: 1, max: 3}"}, "seed must be left to seeds"},
		{[]string{"--name", "a", "--method", "halving", "--trials", "3", "--halving", "{resource: hidden, min: 1, max: 3}"}, "hidden: must be a list, got 1"},
		{[]string{"--name", "a", "--seeds", "0"}, "--seeds must be at least 1, got 0"},
		{[]string{"--name", "a", "--trials", "0"}, "--trials must be at least 1, got 0"},
		{[]string{"--name", "a", "--method", "asha", "--trials", "3", "--halving", "{min: 1, max: 3, factor: 0}"}, "--halving:1:26: factor must be at least 1 or left out, got 0"},
		{[]string{"--name", "a", "--method", "asha", "--trials", "3", "--halving", "{min: 1, max: 3, parallel: 0}"}, "parallel must be at least 1 or left out, got 0"},
		{[]string{"--name", "a", "--no-such-flag"}, "unknown flag"},
	} {
		_, log, code := command(t, append([]string{"run", "--store", store}, tt.args...)...)
		if code != 2 || !strings.Contains(log, tt.want) || !strings.HasPrefix(log, "sweep: ") || strings.Contains(log, "sweep: sweep:") ||
			strings.Count(log, "\n") != 1 || strings.Contains(log, "Go ") {
			t.Errorf("%q: want code 2 and %q, got %d: %s", tt.args, tt.want, code, log)
		}
	}
	if _, err := os.Stat(store); !os.IsNotExist(err) {
		t.Errorf("nothing must have been begun, got %v", err)
	}
	for _, args := range [][]string{{"worker", "--threads", "0"}, {"server", "--listen", "x"}, {"simulate", "--workers", "0"}, {"server", "--listen", "0.0.0.0:1", "--insecure"}} {
		if _, log, code := command(t, args...); code != 2 || !strings.Contains(log, "(see sweep "+args[0]+" --help)") {
			t.Errorf("%q: want code 2, got %d: %s", args, code, log)
		}
	}
	// What is no fault of the command line is not one of its.
	if _, log, code := command(t, "results", "a", "--store", store); code != 1 || !strings.HasPrefix(log, "sweep: Spec: no sweep is named a") {
		t.Errorf("want code 1, got %d: %s", code, log)
	}
}

// Commands that are started together on a new store share one server.
func TestTogether(t *testing.T) {
	at := &server{storeFlag: storeFlag{Store: filepath.Join(t.TempDir(), "store")}}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []*session
	urls := make(map[string]int)
	for i := range 8 {
		wg.Go(func() {
			s, err := at.open(t.Context(), fmt.Sprint("c", i))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, s)
			urls[s.connection.URL]++
		})
	}
	wg.Wait()
	if len(urls) != 1 {
		t.Errorf("want one server, got %v", urls)
	}
	// All but the first, which is the server, so that none becomes it.
	for _, s := range all {
		if !s.owner {
			s.Close()
		}
	}
	for _, s := range all {
		if s.owner {
			s.Close()
		}
	}
	if _, err := os.Stat(filepath.Join(at.Store, "connection.json")); !os.IsNotExist(err) {
		t.Errorf("the key must be gone, got %v", err)
	}
}

// A signal ends a command that waits for a server, and a stopped run says how to go on.
// A pipe is not waited for.
func TestStops(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // it says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "it's.yaml")
	if err := exec.Command("mkfifo", pipe).Run(); err != nil {
		t.Skip("no pipes here: ", err)
	}
	for name, tt := range map[string]struct {
		args []string
		hint bool
	}{
		"connecting": {[]string{"worker", "--nats", "nats://" + l.Addr().String(), "--name", "w"}, false},
		"running":    {[]string{"run", "--name", "a", "--set", "epochs=100000", "--workers", "0", "--store", filepath.Join(dir, "store")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := os.Executable()
			if err != nil {
				t.Skip(err)
			}
			var log bytes.Buffer
			cmd := exec.Command(program, tt.args...)
			cmd.Env, cmd.Stderr = append(os.Environ(), "SWEEP_TEST_COMMAND=1"), &log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				_ = cmd.Wait() // its code is looked at below
				close(ended)
			}()
			time.Sleep(2 * time.Second) // for it to take over signals
			cmd.Process.Signal(syscall.SIGINT)
			select {
			case <-ended:
			case <-time.After(30 * time.Second):
				cmd.Process.Kill()
				t.Fatal("it must end")
			}
			if cmd.ProcessState.ExitCode() != 130 || !strings.Contains(log.String(), "sweep: stopped\n") {
				t.Errorf("want code 130, got %v: %s", cmd.ProcessState, log.String())
			}
			if hint := "Resume with: sweep " + shell.Quote(tt.args...) + "\n"; strings.HasSuffix(log.String(), hint) != tt.hint {
				t.Errorf("want hint %v, got %s", tt.hint, log.String())
			}
		})
	}
	if _, log, code := command(t, "run", pipe, "--name", "a"); code != 2 || !strings.Contains(log, "must be a regular file, got a pipe") {
		t.Errorf("want code 2, got %d: %s", code, log)
	}
}

// Whatever a file is called, errors are one line without commands for the terminal.
func TestHostileNames(t *testing.T) {
	const hostile = "a\n sweep: all is well\x1b[2J\u202e\u009b\x01"
	name := filepath.Join(t.TempDir(), hostile)
	for _, args := range [][]string{
		{"run", "--name", hostile}, {"run", "--name", "a", "--grid", hostile + "=1"}, {"run", "--name", "a", "--grid", "p=" + hostile}, {"run", "--name", "a", "--set", hostile + "=1", "--set", hostile + "=2"},
		{"run", "--name", "a", "--metric", hostile}, {"run", "--name", "a", "--space", hostile + "={" + hostile}, {"run", "--name", "a", "--command", hostile}, {"run", "--name", "a", "--halving", hostile},
		{"results", hostile, "--store", name}, {"status", hostile, "--nats", "nats://" + hostile}, {"--" + hostile},
		{"run", name}, {"worker", "--password-file", name, "--nats", "nats://127.0.0.1:1"}, {"status", "--store", name, name}, {name},
	} {
		out, log, code := command(t, args...)
		if text := out + log; code == 0 || strings.Count(text, "\n") != 1 || strings.ContainsAny(text, "\x1b\u202e\u009b\x01") || !strings.HasPrefix(text, "sweep: ") {
			t.Errorf("%.20q: exit %d, %q", args, code, text)
		}
	}
}
