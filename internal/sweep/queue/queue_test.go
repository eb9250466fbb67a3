package queue

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

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
	w := &Worker{Queue: q, Name: "w", Programs: map[string]sweep.Program{"told": told{}}}
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
	got, err := q.Run(ctx, spec("fine", "panic", "fail", "keep"), told{}, func(s State) { last = s })
	if err != nil || len(got) != 4 {
		t.Fatalf("want 4 results, got %v, %v", got, err)
	}
	outcomes := make(map[string]sweep.Result)
	for _, r := range got {
		var c toldConfig
		_ = json.Unmarshal(r.Config, &c)
		outcomes[c.Do] = r
	}
	if outcomes["fine"].Metrics["error"] != 4 || outcomes["panic"].Failure != "panic: as told" || outcomes["fail"].Failure != "as told" {
		t.Errorf("got %+v", outcomes)
	}
	if data, err := q.Artefact(ctx, outcomes["keep"], "note"); err != nil || string(data) != "kept" {
		t.Errorf("want the artefact, got %q, %v", data, err)
	}
	if last != (State{Total: 4, Done: 4, Failed: 2}) {
		t.Errorf("the state at the end is %+v", last)
	}
	// Again, nothing is made anew.
	again, err := q.Run(ctx, spec("fine", "panic", "fail", "keep"), told{}, nil)
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
	if d := dead["a.x"]; string(d.Data) != "no JSON" || !strings.Contains(d.Reason, "invalid character") || d.Subject != "sweep.trial.a.x" {
		t.Errorf("got %+v", d)
	}
	if d := dead["a."+foreign.ID]; !strings.Contains(d.Reason, `program must be one that the worker has, got "other"`) {
		t.Errorf("got %+v", d)
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
	wrong.Password = "guess"
	if _, err := wrong.Dial("test", 0); err == nil || strings.Contains(err.Error(), "guess") {
		t.Errorf("a wrong password must be refused and not shown, got %v", err)
	}
	for _, address := range []string{"4222", "127.0.0.1:x", "127.0.0.1:70000"} {
		if s, err := StartServer(ServerConfig{Store: t.TempDir(), Listen: address}); err == nil {
			s.Close()
			t.Errorf("address %s must be refused", address)
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
		if _, err := tt.c.Dial("test", 0); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: want error %q without the password, got %v", tt.c.URL, tt.want, err)
		}
	}
}
