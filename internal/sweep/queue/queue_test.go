package queue

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// planned returns the plan of a spec.
func planned(t *testing.T, s *sweep.Spec) *sweep.Plan {
	t.Helper()
	p, err := sweep.NewPlan(t.Context(), s, told{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// told is a program that does as its configuration says.
type told struct{}

type toldConfig struct {
	Do   string `json:"do"`
	Seed int    `json:"seed"`
}

func (told) Normalize(data []byte) ([]byte, error) {
	var c toldConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

func (told) Metrics() []string { return []string{"error"} }

func (told) Run(ctx context.Context, j sweep.Job) (sweep.Outcome, error) {
	var c toldConfig
	if err := json.Unmarshal(j.Trial().Config, &c); err != nil {
		return sweep.Outcome{}, err
	}
	switch c.Do {
	case "panic":
		panic("as told")
	case "fail":
		return sweep.Outcome{Failure: "as told"}, nil
	case "nan":
		return sweep.Outcome{Metrics: map[string]float64{"error": math.NaN()}}, nil
	case "never":
		return sweep.Outcome{}, errors.New("not here")
	case "escape":
		return sweep.Outcome{}, j.Keep(ctx, "../passwd", nil)
	case "keep":
		if err := j.Keep(ctx, "note", []byte("kept")); err != nil {
			return sweep.Outcome{}, err
		}
	}
	return sweep.Outcome{Metrics: map[string]float64{"error": float64(len(c.Do))}}, nil
}

func open(t *testing.T) (*Queue, *nats.Conn) {
	t.Helper()
	s, err := StartServer(ServerConfig{Store: filepath.Join(t.TempDir(), "store")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	q, err := Open(t.Context(), nc, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return q, nc
}

func work(t *testing.T, q *Queue) {
	start(t, &Worker{Queue: q, Name: "w", Programs: map[string]sweep.Program{"told": told{}}})
}

func start(t *testing.T, w *Worker) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func spec(values ...any) *sweep.Spec {
	s := &sweep.Spec{Name: "a", Program: "told", Space: map[string]sweep.Range{"do": {Values: values}}}
	if err := s.Complete(); err != nil {
		panic(err)
	}
	return s
}

// Failures and panics are results; malformed messages are dead letters; neither
// blocks what comes after.
func TestRun(t *testing.T) {
	q, nc := open(t)
	ctx := t.Context()
	foreign, err := sweep.NewTrial("a", "other", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	unknown, _ := foreign.Encode()
	loose, err := sweep.NewTrial("a", "told", []byte(`{"do": "x"}`))
	if err == nil {
		t.Errorf("a configuration that is not as JSON is encoded must be refused, got %v", loose)
	}
	for subject, data := range map[string]string{
		"a.x":                   "no JSON",
		"a." + foreign.ID:       string(unknown),
		"b.y.z":                 `{"sweep":"a"}`,
		"a." + foreign.ID + "x": strings.Repeat("x", 65000),
	} {
		if _, err := nc.Request(trialSubject+subject, []byte(data), 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	work(t, q)
	var last State
	got, err := q.Run(ctx, spec("fine", "panic", "fail", "keep", "nan"), told{}, func(s State) { last = s })
	if err != nil || len(got) != 5 {
		t.Fatalf("want 5 results, got %v, %v", got, err)
	}
	outcomes := make(map[string]sweep.Result)
	for _, r := range got {
		var c toldConfig
		_ = json.Unmarshal(r.Config, &c)
		outcomes[c.Do] = r
	}
	if outcomes["fine"].Metrics["error"] != 4 || outcomes["panic"].Failure != "panic: as told" || outcomes["fail"].Failure != "as told" ||
		outcomes["nan"].Failure != "metric error must be finite, got NaN" {
		t.Errorf("got %+v", outcomes)
	}
	if data, err := q.Artefact(ctx, outcomes["keep"], "note"); err != nil || string(data) != "kept" {
		t.Errorf("want the artefact, got %q, %v", data, err)
	}
	if last != (State{Total: 5, Done: 5, Failed: 3}) {
		t.Errorf("the state at the end is %+v", last)
	}
	// Again, nothing is made anew.
	again, err := q.Run(ctx, spec("fine", "panic", "fail", "keep", "nan"), told{}, nil)
	if err != nil || again[outcomes["fine"].ID].Seconds != outcomes["fine"].Seconds {
		t.Errorf("want the same results, got %v, %v", again, err)
	}
	if _, err := q.Run(ctx, spec("fine"), told{}, nil); err == nil || !strings.Contains(err.Error(), "take another name") {
		t.Errorf("another spec of the name must be refused, got %v", err)
	}

	dead, err := q.Dead(ctx, "")
	if err != nil || len(dead) != 4 {
		t.Fatalf("want 4 dead letters, got %v, %v", dead, err)
	}
	if d := dead["a.x"]; string(d.Data) != "no JSON" || !strings.Contains(d.Reason, "invalid character") || d.From != "sweep.trial.a.x" {
		t.Errorf("got %+v", d)
	}
	if d := dead["a."+foreign.ID]; !strings.Contains(d.Reason, `program must be one that the worker has, got "other"`) {
		t.Errorf("got %+v", d)
	}
}

// A trial that no worker can make is given up and holds up no other.
func TestGivenUp(t *testing.T) {
	q, _ := open(t)
	w := &Worker{Queue: q, Name: "w", MaxDeliveries: 1, Programs: map[string]sweep.Program{"told": told{}}}
	start(t, w)
	s := spec("never", "fine", "escape")
	got, err := q.Run(t.Context(), s, told{}, nil)
	if len(got) != 1 || err == nil || !strings.Contains(err.Error(), "2 trials of a were given up") {
		t.Errorf("want one result and an error, got %v, %v", got, err)
	}
	state, err := q.State(t.Context(), s, told{})
	if err != nil || state != (State{Total: 3, Done: 1, Dead: 2}) {
		t.Errorf("got %+v, %v", state, err)
	}
	dead, err := q.Dead(t.Context(), "a")
	if err != nil || len(dead) != 2 {
		t.Errorf("want 2 dead letters, got %v, %v", dead, err)
	}
	for _, d := range dead {
		if d.Reason != "begun 1 times without a result" {
			t.Errorf("got %+v", d)
		}
	}
}

// What is no result does not count as one: its trial is made, and it is a dead
// letter.
func TestMalformedResult(t *testing.T) {
	for _, before := range []bool{true, false} { // the trial is sent
		q, nc := open(t)
		ctx := t.Context()
		trial, err := sweep.NewTrial("a", "told", []byte(`{"do":"fine","seed":1}`))
		if err != nil {
			t.Fatal(err)
		}
		if before {
			if err := q.publish(ctx, []sweep.Trial{trial}); err != nil {
				t.Fatal(err)
			}
		}
		key := "a." + trial.ID
		if _, err := nc.Request("$KV.sweep_results."+key, []byte(`{"sweep":"a"}`), 5*time.Second); err != nil {
			t.Fatal(err)
		}
		plan := planned(t, spec("fine"))
		if kept, err := q.Results(ctx, plan); err != nil || len(kept.Results) != 0 || kept.Damaged != 1 {
			t.Errorf("want no results, got %v, %v", kept, err)
		}
		work(t, q)
		got, err := q.Run(ctx, spec("fine"), told{}, nil)
		if err != nil || len(got) != 1 || got[trial.ID].Metrics["error"] != 4 {
			t.Errorf("want the result, got %v, %v", got, err)
		}
		if kept, err := q.Results(ctx, plan); err != nil || len(kept.Results) != 1 || kept.Damaged != 0 {
			t.Errorf("want the result kept, got %v, %v", kept, err)
		}
		dead, err := q.Dead(ctx, "")
		if d := dead[key+".result"]; err != nil || len(dead) != 1 || d.From != "$KV.sweep_results."+key || !strings.Contains(d.Reason, "as it is encoded") {
			t.Errorf("want one dead letter, got %v, %v", dead, err)
		}
	}
}

// What others may write on a terminal is no worker.
func TestWorkers(t *testing.T) {
	q, nc := open(t)
	for key, data := range map[string]string{
		"good":  `{"name":"good","made":3}`,
		"esc":   `{"name":"\u001b[2J"}`,
		"short": `{"name":"short","sweep":"a","trial":"1"}`,
		"json":  `{`,
	} {
		if _, err := nc.Request("$KV.sweep_workers."+key, []byte(data), 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	all, err := q.Workers(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "good" || all[0].Made != 3 {
		t.Errorf("want the good one, got %+v, %v", all, err)
	}
}

// A trial that is sent again is neither made nor counted again.
func TestSentAgain(t *testing.T) {
	q, _ := open(t)
	ctx := t.Context()
	trial, err := sweep.NewTrial("a", "told", []byte(`{"do":"x","seed":1}`))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := q.publish(ctx, []sweep.Trial{trial, trial}); err != nil {
			t.Fatal(err)
		}
	}
	if waiting, err := q.Waiting(ctx, "a"); err != nil || len(waiting) != 1 || !waiting[trial.ID] {
		t.Errorf("want one trial, got %v, %v", waiting, err)
	}
	if info, err := q.trials.Info(ctx); err != nil || info.State.Msgs != 1 {
		t.Errorf("want one message, got %+v, %v", info, err)
	}
}

func TestServerErrors(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	s, err := StartServer(ServerConfig{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !strings.HasPrefix(s.Connection().URL, "nats://127.0.0.1:") {
		t.Errorf("the server must be at the loopback address, got %s", s.Connection().URL)
	}
	if _, err := StartServer(ServerConfig{Store: store}); err == nil || !strings.Contains(err.Error(), "in use by another server") {
		t.Errorf("a second server must be refused, got %v", err)
	}
	if info, err := os.Stat(filepath.Join(store, connectionFile)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("others must not read the password, got %v, %v", info.Mode(), err)
	}
	wrong := s.Connection()
	wrong.Key, wrong.User, wrong.Password = "", User, "guess"
	if _, err := wrong.Dial(t.Context(), "test", 0); err == nil || strings.Contains(err.Error(), "guess") {
		t.Errorf("a wrong password must be refused and not shown, got %v", err)
	}
	other, err := StartServer(ServerConfig{Store: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	wrong = s.Connection()
	wrong.Key = other.Connection().Key
	if _, err := wrong.Dial(t.Context(), "test", 0); err == nil || strings.Contains(err.Error(), wrong.Key) {
		t.Errorf("a wrong key must be refused and not shown, got %v", err)
	}
	s.Close()
	if _, err := LoadConnection(store); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the key must be gone with the server, got %v", err)
	}
	for _, address := range []string{"4222", "127.0.0.1:x", "127.0.0.1:70000"} {
		if s, err := StartServer(ServerConfig{Store: t.TempDir(), Listen: address}); err == nil {
			s.Close()
			t.Errorf("address %s must be refused", address)
		}
	}
}

// Each start has a key of its own, except after a server that was killed, whose
// clients come back. Whoever listens in its place is not told it.
func TestKeys(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	visit := func() Connection {
		s, err := StartServer(ServerConfig{Store: store})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.Connection()
	}
	a, b := visit(), visit()
	if a.Key == b.Key || a.Key == "" {
		t.Error("two starts must have two keys")
	}
	// A server that was killed leaves its connection.
	left := []byte(`{"url":"nats://127.0.0.1:1","key":"` + a.Key + `"}`)
	if err := os.WriteFile(filepath.Join(store, connectionFile), left, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := visit(); got.Key != a.Key {
		t.Error("the clients of a server that was killed must be let in")
	}
	// What is left may be damaged too.
	if err := os.WriteFile(filepath.Join(store, connectionFile), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	visit()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan string)
	go func() {
		c, err := l.Accept()
		if err != nil {
			heard <- err.Error()
			return
		}
		defer c.Close()
		fmt.Fprint(c, "INFO {\"server_id\":\"x\",\"version\":\"2.10.0\",\"nonce\":\"abcdefgh\",\"auth_required\":true,\"max_payload\":1048576}\r\n")
		line, _ := bufio.NewReader(c).ReadString('\n')
		heard <- line
	}()
	_, _ = Connection{URL: "nats://" + l.Addr().String(), Key: a.Key}.Dial(t.Context(), "test", 0)
	if line := <-heard; !strings.HasPrefix(line, "CONNECT") || !strings.Contains(line, `"sig"`) || strings.Contains(line, a.Key) {
		t.Errorf("got %s", line)
	}
}

// A server that says nothing does not hold up whoever is told to stop.
func TestDialStops(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if _, err := (Connection{URL: "nats://" + l.Addr().String()}).Dial(ctx, "test", time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("want the context's error, got %v", err)
	}
	if took := time.Since(start); took > 4*time.Second { // the client's own limit is 5 s
		t.Errorf("took %v", took)
	}
}

// A result of no trial of the sweep does not count, and one that measures nothing
// is made again.
func TestForeignResults(t *testing.T) {
	q, nc := open(t)
	ctx := t.Context()
	s := spec("fine", "fail")
	plan := planned(t, s)
	foreign, err := sweep.NewTrial("a", "told", []byte(`{"do":"best","seed":1}`))
	if err != nil {
		t.Fatal(err)
	}
	send := func(trial sweep.Trial, outcome string) {
		data, _ := trial.Encode()
		data = append(data[:len(data)-1], outcome...)
		if _, err := nc.Request("$KV.sweep_results.a."+trial.ID, data, 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	send(foreign, `,"metrics":{"error":-1},"seconds":0}`)
	send(plan.Next(nil, nil)[0], `,"metrics":{},"seconds":0}`)
	kept, err := q.Results(ctx, plan)
	if err != nil || len(kept.Results) != 0 || kept.Foreign != 1 || kept.Damaged != 1 {
		t.Errorf("got %+v, %v", kept, err)
	}
	work(t, q)
	var last State
	got, err := q.Run(ctx, s, told{}, func(s State) { last = s })
	if err != nil || len(got) != 2 || got[foreign.ID].ID != "" {
		t.Errorf("want two results, got %v, %v", got, err)
	}
	if last != (State{Total: 2, Done: 2, Failed: 1, Foreign: 1}) {
		t.Errorf("got %+v", last)
	}
	if state, err := q.State(ctx, s, told{}); err != nil || state != last {
		t.Errorf("got %+v, %v", state, err)
	}
}

// What a program measures is what it says.
func TestMeasured(t *testing.T) {
	for _, tt := range []struct {
		metrics map[string]float64
		want    string
	}{
		{map[string]float64{"error": 1}, ""},
		{nil, `metrics must be ["error"], got []`},
		{map[string]float64{"loss": 1}, `metrics must be ["error"], got ["loss"]`},
		{map[string]float64{"error": math.Inf(1)}, "metric error must be finite, got +Inf"},
	} {
		if got := measured(sweep.Outcome{Metrics: tt.metrics}, []string{"error"}); got.Failure != tt.want {
			t.Errorf("%v: want %q, got %q", tt.metrics, tt.want, got.Failure)
		}
	}
}

func TestConnectionErrors(t *testing.T) {
	for _, tt := range []struct {
		c    Connection
		want string
	}{
		{Connection{URL: "http://127.0.0.1:1"}, "URL must be nats://"},
		{Connection{URL: "nats://u:secret@127.0.0.1:1"}, "must not hold a user or password"},
		{Connection{URL: "nats://example.org:4222", User: "u", Password: "secret"}, "must begin with tls://"},
		{Connection{URL: "nats://example.org:4222", Credentials: "secret"}, "must begin with tls://"},
		{Connection{URL: "nats://127.0.0.1:1", User: "u", Password: "secret"}, "no servers available"},
	} {
		if _, err := tt.c.Dial(t.Context(), "test", 0); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: want error %q without the password, got %v", tt.c.URL, tt.want, err)
		}
	}
}
