package queue

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// damaged is a store between whose visits bits flip.
type damaged struct {
	*testing.T
	store string
}

// visit starts the server for as long as f takes.
func (d damaged) visit(f func(q *Queue)) {
	d.Helper()
	server, err := StartServer(ServerConfig{Store: d.store})
	if err != nil {
		d.Fatal(err)
	}
	defer server.Close()
	nc, err := server.Connect()
	if err != nil {
		d.Fatal(err)
	}
	defer nc.Close()
	q, err := Open(d.Context(), nc, time.Second)
	if err != nil {
		d.Fatal(err)
	}
	q.stall = time.Second
	f(q)
}

// run makes the sweep, with a worker of its own.
func (d damaged) run(s *sweep.Spec) {
	d.Helper()
	d.visit(func(q *Queue) {
		ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
		defer cancel()
		ended := make(chan error)
		w := &Worker{Queue: q, Name: "w", Programs: map[string]sweep.Program{"told": told{}}}
		working, stop := context.WithCancel(ctx)
		go func() { ended <- w.Run(working) }()
		got, err := q.Run(ctx, s, told{}, nil)
		if want := planned(d.T, s).Total(); err != nil || len(got) != want {
			d.Errorf("want %d results, got %d, %v", want, len(got), err)
		}
		stop()
		<-ended
	})
}

// flip changes a bit of a text in the first block of a stream.
func (d damaged) flip(stream, text string) {
	d.Helper()
	path := filepath.Join(d.store, "jetstream", "$G", "streams", stream, "msgs", "1.blk")
	data, err := os.ReadFile(path)
	if err != nil {
		d.Fatal(err)
	}
	at := bytes.Index(data, []byte(text))
	if at < 0 {
		d.Fatalf("no %s in %s", text, stream)
	}
	data[at] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		d.Fatal(err)
	}
}

// A bit that has flipped on the disk costs the trial that it was in: nothing waits
// for ever, and the sweep makes that trial again, in a result and in the queue.
func TestDamagedStore(t *testing.T) {
	d := damaged{t, filepath.Join(t.TempDir(), "store")}
	values := make([]any, 12)
	for i := range values {
		values[i] = fmt.Sprint("value ", i)
	}
	s := spec(values...)
	want := func(n, lost int) {
		t.Helper()
		d.visit(func(q *Queue) {
			kept, err := q.Results(t.Context(), planned(t, s))
			if err != nil || len(kept.Results) != n || kept.Damaged != lost {
				t.Errorf("want %d results and %d damaged, got %+v, %v", n, lost, kept, err)
			}
			state, err := q.State(t.Context(), s, told{})
			if err != nil || state.Damaged != lost || state.Done != n {
				t.Errorf("want %d done and %d damaged, got %+v, %v", n, lost, state, err)
			}
		})
	}
	// Nobody is at work on the trials.
	d.visit(func(q *Queue) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := q.Run(ctx, s, told{}, func(s State) {
			if s.Waiting == len(values) {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
	d.flip(trialStream, "value 3")
	d.run(s)
	want(12, 0)
	d.flip("KV_"+results, "value 5")
	want(11, 1)
	d.run(s)
	want(12, 0)
}
