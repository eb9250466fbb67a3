package queue

import (
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

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
	if best := bestOf(&state); err != nil || state != (State{Total: 3, Done: 1, Dead: 2}) || best != 4 {
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

// What others may write on a terminal is no worker.
func TestWorkers(t *testing.T) {
	q, nc := open(t)
	for key, data := range map[string]string{
		"good":  `{"name":"good","made":3}`,
		"esc":   `{"name":"\u001b[2J"}`,
		"short": `{"name":"short","sweep":"a","trial":"1"}`,
		"json":  `{`,
		"ago":   `{"name":"ago","seconds":-7200}`,
		"long":  `{"name":"long","seconds":1e300}`,
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
