package queue

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

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
	if best := bestOf(&last); last != (State{Total: 5, Done: 5, Failed: 3}) || best != 4 {
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
