package sweep

import (
	"encoding/json"
	"iter"
	"math/rand/v2"

	"github.com/pkg/errors"
)

// points yields the settings of each configuration, one at a time, since all
// together may not fit into memory. It ends after an error.
func (s *Spec) points() iter.Seq2[map[string]any, error] {
	if s.Method == Grid {
		return s.grid
	}
	return s.drawn
}

// grid yields every combination of values; that of the last name changes
// fastest.
func (s *Spec) grid(yield func(map[string]any, error) bool) {
	names := s.Names()
	at := make([]int, len(names))
	for {
		point := make(map[string]any, len(names))
		for i, name := range names {
			point[name] = s.Space[name].Values[at[i]]
		}
		if !yield(point, nil) {
			return
		}
		i := len(names) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < len(s.Space[names[i]].Values) {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// drawn yields the requested number of different configurations. Each draw has
// its own generator, so a larger number of trials begins with the same ones.
func (s *Spec) drawn(yield func(map[string]any, error) bool) {
	names := s.Names()
	seen := make(map[string]bool)
	again := 0
	for i := uint64(0); len(seen) < s.Trials; i++ {
		g := rand.New(rand.NewPCG(s.Draw, i))
		point := make(map[string]any, len(names))
		for _, name := range names {
			point[name] = s.Space[name].draw(g)
		}
		key, err := canonical(point)
		if err != nil {
			yield(nil, err)
			return
		}
		if seen[key] {
			// Drawing the last of n configurations takes n draws on average;
			// more than 30 n happen once in 1e13.
			if again++; again > 30*(len(seen)+1) {
				yield(nil, errors.Errorf("trials must be at most the number of configurations that space has, got %d of %d", s.Trials, len(seen)))
				return
			}
			continue
		}
		seen[key], again = true, 0
		if !yield(point, nil) {
			return
		}
	}
}

// canonical returns v in a form that is the same for equal values.
func canonical(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), errors.WithStack(err)
}
