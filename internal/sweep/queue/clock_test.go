package queue

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"
)

// A worker counts its seconds, and says nothing of what its clock shows: another machine's
// may be hours away.
func TestSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &job{worker: &Worker{}, state: WorkerState{Name: "far", since: time.Now()}}
		time.Sleep(90*time.Minute + 400*time.Millisecond)
		j.Progress(1, 2)
		data, err := json.Marshal(j.worker.state.Load().now())
		if want := `{"name":"far","seconds":5400.4,"done":1,"total":2,"made":0}`; err != nil || string(data) != want {
			t.Fatalf("want %s, got %s, %v", want, data, err)
		}
		var s WorkerState
		if err := json.Unmarshal(data, &s); err != nil || !s.valid() || s.For() != 90*time.Minute {
			t.Errorf("want 1h30m0s, got %v, %v", s.For(), err)
		}
	})
}
