package compare_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/training"
)

// TestMemory compares estimates with what is made.
func TestMemory(t *testing.T) {
	of := func(s compare.Subject, batch, workers int) (*compare.Experiment, compare.Memory) {
		t.Helper()
		e, err := compare.New(s, compare.Splitting{Folds: 3, Repeats: 1, Seed: 1}, compare.Length{Batch: batch, Epochs: 2, Patience: 2}, &compare.Store{}, workers)
		if err != nil {
			t.Fatal(err)
		}
		m, err := e.Memory(workers)
		if err != nil {
			t.Fatal(err)
		}
		return e, m
	}
	table := points(t, 60)
	e, m := of(table, 8, 2)
	held := int64(0)
	for _, split := range e.Splits {
		p, err := table.Part(split)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []training.Dataset{p.Train, p.Validation, p.Test} {
			if d != nil {
				held += 4 * int64(len(d.(*training.Examples).X))
			}
		}
	}
	if m.Data != held || m.Runs != 2 {
		t.Errorf("must take %d bytes of data for 2 trainings, got %+v", held, m)
	}
	// 3 inputs, 256 and 128 units, which are more than any other of the space.
	if want := int64(4 * (3*256 + 256 + 256*128 + 128 + 128*2 + 2)); m.Largest.Weights != want || m.Largest.Solver != 2*want {
		t.Errorf("largest network must have %d bytes of weights, got %+v", want, m.Largest)
	}
	if _, large := of(table, 32, 2); large.Largest.Activations < 2*m.Largest.Activations {
		t.Errorf("larger batches must take more than twice the activations of 8, got %d and %d", large.Largest.Activations, m.Largest.Activations)
	}
	if _, many := of(table, 8, 1000); many.Runs != 12 || many.Total() != many.Data+12*many.Largest.Total() {
		t.Errorf("no more than the 12 trials of a round are trained at a time, got %+v", many)
	}
	book, err := compare.NewBook(strings.Repeat("so it goes on and on. ", 200))
	if err != nil {
		t.Fatal(err)
	}
	_, text := of(book, 8, 1)
	if text.Data != 0 || text.Largest.Activations < 8*48*192*4 {
		t.Errorf("text must need no more for its data, and more than the outputs of its LSTM, got %+v", text)
	}
	if said := []string{m.String(), text.String()}; !strings.Contains(said[0], " of data, and for each of 2 trainings at a time up to ") || strings.Contains(said[1], "data") || !slices.Contains(strings.Fields(said[1]), "activations") {
		t.Errorf("must say what takes how much, got %q", said)
	}
}
