package live

import (
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/training"
)

// A run that was stopped early is over, and counts among those that are done.
func TestStoppedEarly(t *testing.T) {
	s := New("digits")
	c := s.Watch("with dropout", 1)
	of := &training.Run{Trainer: &training.Trainer{Epochs: 30}, History: &training.History{Epochs: []training.Epoch{{Loss: 2}, {Epoch: 1, Loss: 1}}}}
	for _, call := range []func(*training.Run) error{c.OnStart, c.OnEpoch} {
		if err := call(of); err != nil {
			t.Fatal(err)
		}
	}
	if e, _, _, _ := s.state(); e.Runs[0].Ended || e.Runs[0].Done != 2 {
		t.Errorf("under way: %+v", e.Runs[0])
	}
	if err := c.OnEnd(of); err != nil {
		t.Fatal(err)
	}
	if e, _, _, _ := s.state(); !e.Runs[0].Ended || e.Runs[0].Done != 2 || !strings.HasSuffix(e.Runs[0].Text, ", stopped early") {
		t.Errorf("stopped: %+v", e.Runs[0])
	}
}
