package drop

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
)

// All paths draw the words of the contract, whole groups or not, and nothing beyond.
func TestWords(t *testing.T) {
	kerneltest.ForEachSet(t, func(t *testing.T, set isa.Set) {
		rapid.Check(t, func(t *rapid.T) {
			s := Stream{Seed: rapid.Uint64().Draw(t, "seed"), Layer: rapid.Uint32().Draw(t, "layer"), Step: rapid.Uint64().Draw(t, "step")}
			n, first := rapid.IntRange(0, 300).Draw(t, "n"), uint64(rapid.Uint32Max(1<<28).Draw(t, "first"))
			want, got := make([]uint32, n), make([]uint32, n+8)
			wordsGeneric(want, first, s)
			drawWords(set, got[:n], first, s)
			if !slices.Equal(got[:n], want) {
				t.Errorf("got %08x, want %08x", got[:n], want)
			}
			if slices.ContainsFunc(got[n:], func(w uint32) bool { return w != 0 }) {
				t.Errorf("wrote beyond %d words", n)
			}
		})
	})
}
