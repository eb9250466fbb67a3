package queue

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

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
	best := bestOf(&last)
	if last != (State{Total: 2, Done: 2, Failed: 1, Foreign: 1}) {
		t.Errorf("got %+v", last)
	}
	if state, err := q.State(ctx, s, told{}); err != nil || bestOf(&state) != best || state != last {
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
