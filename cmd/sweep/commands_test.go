package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/nats-io/nats.go"
	"gopkg.in/yaml.v3"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// command runs the command in this process.
func command(t *testing.T, args ...string) (out, log string, code int) {
	t.Helper()
	var o, l bytes.Buffer
	code = commandLine().Execute(&cmdline.Console{Args: args, Out: &o, Log: &l})
	return o.String(), l.String(), code
}

// The commands in the manifest are those that there are.
func TestManifest(t *testing.T) {
	f, err := os.Open("../../examples/kubernetes/sweep.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var commands [][]string
	for d := yaml.NewDecoder(f); ; {
		var o struct {
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct{ Args []string }
					}
				}
			}
		}
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			// A service has another spec.
			continue
		}
		for _, c := range o.Spec.Template.Spec.Containers {
			commands = append(commands, c.Args)
		}
	}
	if len(commands) != 2 {
		t.Fatalf("want a server and a worker, got %q", commands)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range commands {
		for i, a := range args {
			if name, value, _ := strings.Cut(a, "="); strings.HasPrefix(value, "/") && name != "--store" {
				args[i] = name + "=" + file // it is in the cluster only
			}
		}
		var c cli
		parser, err := kong.New(&c, kong.Exit(func(int) { t.Error("the command line ends the program") }))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.Parse(args)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		if got := parsed.Command(); got == "worker" && (c.Worker.User != "sweep" || c.Worker.Idle <= 0 || !strings.HasPrefix(c.Worker.NATS, "tls://")) {
			t.Errorf("got %+v", c.Worker)
		}
	}
}

// The examples can be made.
func TestExamples(t *testing.T) {
	for name, trials := range map[string]int{"sweep.yaml": 24, "sweep-asha.yaml": 39} {
		data, err := os.ReadFile("../../examples/" + name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := sweep.ParseSpec("spec", data)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := sweep.NewPlan(t.Context(), s, programs(0)["mnist"])
		if err != nil || plan.Total() != trials {
			t.Errorf("%s: want %d trials, got %v, %v", name, trials, plan.Total(), err)
		}
	}
}

// A sweep that other processes have made is shown and written in every format.
func TestResults(t *testing.T) {
	c := newCluster(t, 2)
	spec := filepath.Join(t.TempDir(), "spec.yaml")
	if err := os.WriteFile(spec, []byte("name: real\nsettings: {train: 100, validation: 100, hidden: [8], epochs: 1, keep_model: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	_, log, code := command(t, "run", spec, "--grid", "p=0,0.5", "--set", "batch=50", "--seeds", "2", "--workers", "0", "--store", c.store, "--out", out)
	if code != 0 || !strings.Contains(log, "4 of 4 trials done") {
		t.Fatalf("%d: %s", code, log)
	}
	table, log, code := command(t, "results", "real", "--store", c.store, "--out", out)
	if code != 0 || !strings.Contains(table, "95 % interval") {
		t.Errorf("%d: %s%s", code, table, log)
	}
	for _, name := range []string{"results.csv", "results.json", "report.html", "against-p.svg", "against-p.png", "best.png"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if models, _ := filepath.Glob(filepath.Join(out, "artefacts", "*", "model.safetensors")); len(models) != 4 {
		t.Errorf("want 4 models, got %v", models)
	}
	text, _, _ := command(t, "results", "real", "--store", c.store, "--format", "csv")
	if lines, err := csv.NewReader(strings.NewReader(text)).ReadAll(); err != nil || len(lines) != 5 {
		t.Errorf("want 5 lines, got %v, %v", lines, err)
	}
	var all struct{ Results []sweep.Result }
	text, _, _ = command(t, "results", "real", "--store", c.store, "--format", "json")
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all.Results) != 4 {
		t.Errorf("want 4 results, got %v, %v", all.Results, err)
	}
	// A message that is none is shown, without what a terminal would obey.
	connection, err := queue.LoadConnection(c.store)
	if err != nil || len(connection.Key) < 50 {
		t.Fatalf("no key, %v", err)
	}
	nc, err := connection.Dial(t.Context(), "test", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	message := nats.NewMsg("sweep.dead.real.y")
	message.Header.Set("Sweep-Reason", "\x1b[2Jgone")
	if _, err := nc.RequestMsg(message, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	text, log, code = command(t, "status", "--once", "--dead", "--store", c.store)
	if code != 0 || !strings.Contains(text, "real    4        4") || !strings.Contains(text, "w0") || !strings.Contains(text, "w1") ||
		!strings.Contains(text, "\uFFFD[2Jgone") {
		t.Errorf("%d: %s%s", code, text, log)
	}
	var state overview
	text, _, _ = command(t, "status", "--json", "--store", c.store)
	err = json.Unmarshal([]byte(text), &state)
	done := state.Sweeps["real"]
	best := done.Best
	done.Best = nil
	if err != nil || done != (queue.State{Total: 4, Done: 4}) || len(state.Workers) != 2 || best == nil || !(*best > 0 && *best < 1) {
		t.Errorf("got %s, %v", text, err)
	}

	// Nobody has said the key.
	for _, p := range append(c.workers, c.server) {
		p.kill()
		if said := p.log.String(); strings.Contains(said, connection.Key) || said == "" {
			t.Errorf("%v says %q", p.args[0], said)
		}
	}
	_, log, code = command(t, "worker", "--nats", "nats://sweep:secret@127.0.0.1:1")
	if code != 1 || strings.Contains(log, "secret") {
		t.Errorf("%d: %s", code, log)
	}
}

// Everything that a file can say, flags can say.
func TestFlags(t *testing.T) {
	c := runCmd{
		Name: "a", Method: "asha", Metric: "nll", Trials: new(9), Seeds: new(2), Halving: "{min: 2, max: 8, factor: 2}",
		Space: []string{"p={uniform: [0, 0.5]}", "lr=[0.1, 0.2]"}, Set: []string{"train=100", "hidden=[8, 8]"},
	}
	got, err := c.spec()
	if err != nil {
		t.Fatal(err)
	}
	want, err := sweep.ParseSpec("spec", []byte(`
name: a
method: asha
metric: nll
trials: 9
seeds: 2
halving: {min: 2, max: 8, factor: 2}
space: {p: {uniform: [0, 0.5]}, lr: [0.1, 0.2]}
settings: {train: 100, hidden: [8, 8]}
`))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("want %+v, got %+v, %v", want, got, err)
	}
	for flag, c := range map[string]runCmd{
		"--grid":     {Name: "a", Grid: []string{"p"}},
		"--space p":  {Name: "a", Space: []string{"p={lag: [1, 2]}"}},
		"--halving":  {Name: "a", Halving: "{most: 3}"},
		"name must":  {Grid: []string{"p=1"}},
		"trials mus": {Name: "a", Method: "random"},
	} {
		if _, err := c.spec(); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("want an error about %s, got %v", flag, err)
		}
	}
}

// Workers that a command has started end with it, however it ends.
func TestWorkersEndWithTheirCommand(t *testing.T) {
	p := &process{t: t, args: []string{"run", "--name", "a", "--set", "train=100", "--set", "validation=100", "--set", "epochs=100000",
		"--workers", "1", "--store", filepath.Join(t.TempDir(), "store"), "--out", t.TempDir()}}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	p.stderr = write
	p.start()
	write.Close()
	lines := bufio.NewScanner(read)
	for lines.Scan() && !strings.Contains(lines.Text(), "works for") {
	}
	p.kill()
	// The worker has the pipe too: it ends when both are gone.
	ended := make(chan bool)
	go func() {
		for lines.Scan() {
		}
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Error("the worker must end")
	}
}

// A command that shares the server inside another one becomes the server when
// that ends.
func TestSucceed(t *testing.T) {
	at := &server{storeFlag: storeFlag{Store: filepath.Join(t.TempDir(), "store")}}
	first, err := at.open(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	second, err := at.open(t.Context(), "second")
	if err != nil {
		first.Close()
		t.Fatal(err)
	}
	defer second.Close()
	if !first.owner || second.owner || second.connection.URL != first.connection.URL {
		t.Errorf("the second must share the first's server, got %+v", second.connection)
	}
	first.Close()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		// A request that the first has taken with it has no answer.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err = second.Sweeps(ctx)
		cancel()
		if err == nil {
			break
		}
	}
	if err != nil {
		t.Errorf("the second must go on: %v", err)
	}
	third, err := at.open(t.Context(), "third")
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if third.owner || third.connection.URL != first.connection.URL {
		t.Errorf("the third must share the second's server, got %+v", third.connection)
	}
}

func TestServerRefuses(t *testing.T) {
	for _, args := range [][]string{
		{"--listen", "0.0.0.0:0"},
		{"--listen", "4222"},
		{"--tls-cert", "no-such-file"},
	} {
		if _, log, code := command(t, append([]string{"server", "--store", t.TempDir()}, args...)...); code == 0 || log == "" {
			t.Errorf("%q must be refused, got %d: %s", args, code, log)
		}
	}
}
