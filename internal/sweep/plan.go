package sweep

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/pkg/errors"
)

// A Plan says which trials a sweep is to make next. It remembers nothing: what
// is next follows from the results there are and the trials that wait, so that a
// sweep goes on from these alone after whatever has happened.
type Plan struct {
	spec *Spec
	// trials are those of a round, a configuration and a seed. Later rounds are
	// those of halving.
	trials [][][]Trial
	ids    map[string]bool
	all    int
}

// NewPlan returns the plan of a spec whose program is p.
func NewPlan(s *Spec, p Program) (*Plan, error) {
	pl := &Plan{spec: s, ids: make(map[string]bool)}
	resources := []int{0}
	if s.Halving != nil {
		resources = nil
		for r := s.Halving.Min; r <= s.Halving.Max; r *= s.Halving.Factor {
			resources = append(resources, r)
		}
	}
	points := s.points()
	for round, resource := range resources {
		pl.trials = append(pl.trials, nil)
		seen := make(map[string]bool)
		for _, point := range points {
			var trials []Trial
			for seed := 1; seed <= s.Seeds; seed++ {
				config := maps.Clone(s.Settings)
				if config == nil {
					config = make(map[string]any)
				}
				maps.Copy(config, point)
				config["seed"] = seed
				if s.Halving != nil {
					config[s.Halving.Resource] = resource
				}
				data, err := json.Marshal(config)
				if err != nil {
					return nil, errors.Wrap(err, "sweep: NewPlan")
				}
				if data, err = p.Normalize(data); err != nil {
					return nil, errors.WithMessage(err, "sweep: NewPlan")
				}
				t, err := NewTrial(s.Name, s.Program, data)
				if err != nil {
					return nil, err
				}
				trials = append(trials, t)
				pl.ids[t.ID] = true
			}
			// Two draws may be one configuration.
			if !seen[trials[0].ID] {
				seen[trials[0].ID] = true
				pl.trials[round] = append(pl.trials[round], trials)
			}
		}
	}
	for round := range pl.trials {
		n := len(pl.trials[0])
		for range round {
			n /= s.Halving.Factor
		}
		if round > 0 {
			n = max(1, n)
		}
		pl.all += n * s.Seeds
	}
	return pl, nil
}

// Total returns the number of trials that the sweep makes; about so many for
// asha.
func (p *Plan) Total() int { return p.all }

// Has says whether the sweep may make the trial of an ID.
func (p *Plan) Has(id string) bool { return p.ids[id] }

// Next returns the trials to be made besides those that wait or are under way,
// given the results by ID. The sweep is finished when there are none of either.
func (p *Plan) Next(results map[string]Result, waiting map[string]bool) []Trial {
	if p.spec.Method == ASHA {
		return p.nextASHA(results, waiting)
	}
	var next []Trial
	alive := make([]int, len(p.trials[0]))
	for i := range alive {
		alive[i] = i
	}
	for round := range p.trials {
		complete := true
		for _, i := range alive {
			for _, t := range p.trials[round][i] {
				if _, done := results[t.ID]; done {
					continue
				}
				complete = false
				if !waiting[t.ID] {
					next = append(next, t)
				}
			}
		}
		if !complete || round == len(p.trials)-1 {
			break
		}
		alive = p.best(round, alive, results, max(1, len(alive)/p.spec.Halving.Factor))
	}
	return next
}

// nextASHA prefers to raise a configuration of the highest round that has one
// among its best, and else starts a new one.
func (p *Plan) nextASHA(results map[string]Result, waiting map[string]bool) []Trial {
	h := p.spec.Halving
	issued := func(round, i int) bool {
		for _, t := range p.trials[round][i] {
			if _, done := results[t.ID]; done || waiting[t.ID] {
				return true
			}
		}
		return false
	}
	under := len(waiting)
	var next []Trial
	add := func(round, i int) {
		for _, t := range p.trials[round][i] {
			if _, done := results[t.ID]; !done && !waiting[t.ID] {
				next = append(next, t)
				under++
			}
		}
	}
	// Seeds of a configuration that was cut short between them.
	for round := range p.trials {
		for i := range p.trials[round] {
			if issued(round, i) {
				add(round, i)
			}
		}
	}
	for round := len(p.trials) - 2; round >= 0; round-- {
		var complete []int
		for i, trials := range p.trials[round] {
			if !slices.ContainsFunc(trials, func(t Trial) bool { _, done := results[t.ID]; return !done }) {
				complete = append(complete, i)
			}
		}
		for _, i := range p.best(round, complete, results, len(complete)/h.Factor) {
			if under < h.Parallel && !issued(round+1, i) {
				add(round+1, i)
			}
		}
	}
	for i := range p.trials[0] {
		if under < h.Parallel && !issued(0, i) {
			add(0, i)
		}
	}
	return next
}

// best returns the n configurations of a round with the lowest mean metric. One
// that failed is never among them.
func (p *Plan) best(round int, of []int, results map[string]Result, n int) []int {
	mean := make(map[int]float64)
	for _, i := range of {
		for _, t := range p.trials[round][i] {
			v, ok := results[t.ID].Metrics[p.spec.Metric]
			if !ok {
				v = math.Inf(1)
			}
			mean[i] += v / float64(len(p.trials[round][i]))
		}
	}
	of = slices.DeleteFunc(slices.Clone(of), func(i int) bool { return math.IsInf(mean[i], 1) })
	slices.SortStableFunc(of, func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
	return of[:min(n, len(of))]
}
