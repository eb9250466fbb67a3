package main

import (
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/internal/sweep/queue"
)

// Times are those that workers have counted, whatever the clocks of machines say.
func TestTimes(t *testing.T) {
	v := &overview{Workers: []queue.WorkerState{{Name: "one", Sweep: "a", Trial: strings.Repeat("0", 32), Seconds: 3723.4}, {Name: "two"}}}
	var b strings.Builder
	v.write(&b)
	var ends []string
	for line := range strings.Lines(b.String()) {
		if f := strings.Fields(line); len(f) > 0 {
			ends = append(ends, f[0]+" "+f[len(f)-1])
		}
	}
	if got := strings.Join(ends[2:], ", "); got != "one 1h2m3s, two 0s" {
		t.Errorf("got %s in\n%s", got, b.String())
	}
	of := func(seconds ...float64) map[string]sweep.Result {
		all := make(map[string]sweep.Result)
		for i, s := range seconds {
			all[string(rune('a'+i))] = sweep.Result{Seconds: s}
		}
		return all
	}
	for _, tt := range []struct {
		results       map[string]sweep.Result
		left, running int
		want          time.Duration
	}{
		{of(10, 20), 4, 2, 30 * time.Second},
		{of(10, 20), 4, 0, 0},
		{of(10, 20), -1, 2, 0},
		{of(), 4, 2, 0},
		{of(1e9), sweep.MaxTrials, 1, 1 << 62},
	} {
		if got := timeLeft(tt.results, tt.left, tt.running); got != tt.want {
			t.Errorf("%v: want %v, got %v", tt, tt.want, got)
		}
	}
}
