package queue

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// A worker of another version takes no trial and ends; one of the same makes it. A run
// of a newer version sends what is waiting anew.
func TestVersions(t *testing.T) {
	q, _ := open(t)
	q.Version = "one"
	s := spec("a", "bb")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stopped, stop := context.WithCancel(ctx)
	if _, err := q.Run(stopped, s, told{}, func(s State) {
		if s.Waiting == 2 {
			stop()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	other := *q
	other.Version = "two"
	w := &Worker{Queue: &other, Name: "other", Programs: map[string]sweep.Program{"told": told{}}}
	if err := w.Run(ctx); !errors.Is(err, ErrVersion) {
		t.Errorf("want %v, got %v", ErrVersion, err)
	}
	var once sync.Once
	got, err := other.Run(ctx, s, told{}, func(State) {
		once.Do(func() {
			start(t, &Worker{Queue: &other, Name: "new", Programs: map[string]sweep.Program{"told": told{}}})
		})
	})
	if err != nil || len(got) != 2 {
		t.Errorf("want both results, got %v, %v", got, err)
	}
	for _, r := range got {
		if r.Worker != "new" {
			t.Errorf("got a result of %s", r.Worker)
		}
	}
}
