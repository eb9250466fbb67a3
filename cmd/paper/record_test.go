package main

import (
	"testing"

	"github.com/gorgonia-dropout/dropout/training"
)

// A record of a result has what tables need, and that of a training to choose a rate may
// have diverged instead.
func TestRecordCheck(t *testing.T) {
	m := &training.Metrics{Examples: 10, Correct: 9}
	whole := &training.History{Steps: 4, Train: m, Test: m}
	const needed = "history must have train and test, or diverged must say why it has none"
	for _, tt := range []struct {
		record record
		want   string
	}{
		{record{History: whole}, ""},
		{record{}, needed},
		{record{History: &training.History{Test: m}}, needed},
		{record{History: &training.History{Train: m}}, needed},
		{record{Trial: trial{Held: 5}, Diverged: "NaN"}, ""},
		{record{Diverged: "NaN"}, "diverged must be of a trial to choose a rate, with held images"},
	} {
		said := ""
		if err := tt.record.Check(); err != nil {
			said = err.Error()
		}
		if said != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.record, said, tt.want)
		}
	}
}
