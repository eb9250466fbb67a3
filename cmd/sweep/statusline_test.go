package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

func TestStatusOf(t *testing.T) {
	best := 0.0435
	spec := &sweep.Spec{Name: "a", Metric: "error"}
	workers := []queue.WorkerState{
		{Name: "1", Sweep: "a", Trial: "x", Done: 45, Total: 100}, {Name: "2", Sweep: "a", Trial: "y"},
		{Name: "3", Sweep: "b", Trial: "z"}, {Name: "4"},
	}
	for _, tt := range []struct {
		state   queue.State
		workers []queue.WorkerState
		want    string
	}{
		{queue.State{}, nil, "▕················▏ 0/0 trials"},
		{queue.State{Total: 40, Waiting: 40}, workers[3:], "▕················▏ 0/40 trials"},
		{queue.State{Total: 40, Done: 10, Waiting: 30, Best: &best}, workers, "▕████············▏ 10/40 trials  best 4.35 %  2 running (45 %, …)  30s left"},
		{queue.State{Total: 40, Done: 10, Waiting: 30, Best: &best}, workers[1:], "▕████············▏ 10/40 trials  best 4.35 %  1 running  30s left"},
		{queue.State{Total: 40, Done: 40, Failed: 2, Best: &best}, nil, "▕████████████████▏ 40/40 trials  best 4.35 %  2 failed"},
		{queue.State{Total: 4, Done: 2, Dead: 1, Trouble: "the server is away"}, nil, "▕████████········▏ 2/4 trials  5s left  1 given up  trying again: the server is away"},
	} {
		if got := statusOf(spec, tt.state, tt.workers, 10*time.Second); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// Lines go above the status, which is cut to the terminal and taken away at the end.
func TestStatusLine(t *testing.T) {
	var b bytes.Buffer
	s := &statusLine{w: &b, width: func() int { return 8 }}
	for _, f := range []func(){
		func() { s.Write([]byte("first\n")) }, func() { s.show("status of all") }, func() { s.Write([]byte("second\n")) }, func() { s.show("") }, func() { s.Write([]byte("third\n")) },
	} {
		f()
	}
	if want := "first\n\r\x1b[Kstatus…\r\x1b[Ksecond\nstatus…\r\x1b[Kthird\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
