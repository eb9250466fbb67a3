package queue

import (
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// Workers take the trials of their own lane and leave the others waiting.
func TestLane(t *testing.T) {
	q, _ := open(t)
	one, err := q.Lane(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	two, err := q.Lane(t.Context(), "two")
	if err != nil {
		t.Fatal(err)
	}
	work(t, q)
	work(t, two)
	s := spec("a", "bb")
	state, err := one.State(t.Context(), s, told{})
	if err != nil || state.Waiting != 0 {
		t.Fatalf("want none waiting, got %+v, %v", state, err)
	}
	waited := false
	got, err := one.Run(t.Context(), s, told{}, func(s State) {
		if s.Waiting == 2 && !waited {
			waited = true
			time.Sleep(300 * time.Millisecond) // for the workers of other lanes to take them
			if s, err := one.State(t.Context(), spec("a", "bb"), told{}); err != nil || s.Waiting != 2 {
				t.Errorf("want 2 waiting, got %+v, %v", s, err)
			}
			start(t, &Worker{Queue: one, Name: "one", Programs: map[string]sweep.Program{"told": told{}}})
		}
	})
	if err != nil || len(got) != 2 {
		t.Errorf("want both results, got %v, %v", got, err)
	}
	for _, r := range got {
		if r.Worker != "one" {
			t.Errorf("want worker one, got %s", r.Worker)
		}
	}
	for _, lane := range []*Queue{q, two} {
		s := spec("ccc", "dddd")
		s.Name = "b"
		if lane == two {
			s.Name = "c"
		}
		got, err := lane.Run(t.Context(), s, told{}, nil)
		if err != nil || len(got) != 2 {
			t.Errorf("want both results, got %v, %v", got, err)
		}
	}
	if _, err := q.Lane(t.Context(), "a.b"); err == nil || !strings.Contains(err.Error(), "lane must be 1 to 63 of") {
		t.Errorf("want an error of the name, got %v", err)
	}
}

// What cannot be read in a lane becomes a dead letter, as elsewhere.
func TestLaneDead(t *testing.T) {
	q, nc := open(t)
	lane, err := q.Lane(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Request("sweep.lane.one.a.x", []byte("no JSON"), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	work(t, lane)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		dead, err := q.Dead(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := dead["x"]; ok {
			if d.From != "sweep.lane.one.a.x" {
				t.Errorf("got %+v", d)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatal("no dead letter")
		}
	}
}
