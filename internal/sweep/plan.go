package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// A Plan says which trials of a sweep to run next. It has no memory: what is
// next follows from the results so far and the trials that are waiting, so a
// sweep resumes from these alone, whatever has happened.
type Plan struct {
	spec *Spec
	// trials are indexed by round, configuration and seed. Only halving has
	// rounds after the first.
	trials [][][]Trial
	ids    map[string]bool
	bytes  int // of all configurations together
	all    int
}

// Metric returns the name of the metric that the sweep minimizes.
func (p *Plan) Metric() string { return p.spec.Metric }

// NewPlan returns the plan of a spec whose program is p. It checks every trial
// that the sweep may reach, so that mistakes are found before the first, and
// stops when ctx is done.
func NewPlan(ctx context.Context, s *Spec, p Program) (*Plan, error) {
	if all := p.Metrics(); !slices.Contains(all, s.Metric) {
		return nil, errors.Errorf("sweep: NewPlan: metric must be one of %s, got %.80q", strings.Join(all, ", "), s.Metric)
	}
	resources := []int{0}
	if s.Halving != nil {
		resources = s.Halving.rounds()
	}
	pl := &Plan{spec: s, ids: make(map[string]bool), trials: make([][][]Trial, len(resources))}
	for point, err := range s.points() {
		if err != nil {
			return nil, errors.WithMessage(err, "sweep: NewPlan")
		}
		for round, resource := range resources {
			if err := ctx.Err(); err != nil {
				return nil, errors.Wrap(err, "sweep: NewPlan")
			}
			if s.Halving != nil {
				point[s.Halving.Resource] = resource
			}
			if err := pl.add(round, point, p); err != nil {
				return nil, errors.WithMessage(err, "sweep: NewPlan")
			}
		}
	}
	n := len(pl.trials[0])
	for round := range pl.trials {
		if round > 0 {
			n = max(1, n/s.Halving.Factor)
		}
		pl.all += n * s.Seeds
	}
	return pl, nil
}

// add plans the trials of a configuration, one for each seed.
func (p *Plan) add(round int, point map[string]any, program Program) error {
	config := make(map[string]any, len(p.spec.Settings)+len(point)+1)
	maps.Copy(config, p.spec.Settings)
	maps.Copy(config, point)
	trials := make([]Trial, p.spec.Seeds)
	for i := range trials {
		config["seed"] = i + 1
		data, err := json.Marshal(config)
		if err != nil {
			return errors.WithStack(err)
		}
		if data, err = program.Normalize(data); err != nil {
			return err
		}
		t, err := NewTrial(p.spec.Name, p.spec.Program, data)
		if err != nil {
			return err
		}
		if p.ids[t.ID] {
			return errors.Errorf("configurations must be different, got %.500s twice", data)
		}
		if p.bytes += len(data); p.bytes > MaxPlan {
			return errors.Errorf("configurations must be at most %d MiB together, got more", MaxPlan>>20)
		}
		trials[i], p.ids[t.ID] = t, true
	}
	p.trials[round] = append(p.trials[round], trials)
	return nil
}

// Spec returns the spec of the plan.
func (p *Plan) Spec() *Spec { return p.spec }

// Total returns the number of trials of the sweep, which is approximate for
// asha.
func (p *Plan) Total() int { return p.all }

// Has reports whether the sweep may run the trial with the given ID.
func (p *Plan) Has(id string) bool { return p.ids[id] }

// Next returns the trials to run besides those that are waiting or under way,
// given the results by ID. The sweep is finished when there are neither.
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

// nextASHA prefers to promote a configuration of the highest round that has one
// among its best; otherwise it starts a new one.
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
	// Seeds of a configuration that was interrupted between them.
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

// best returns the n configurations of a round with the lowest mean metric,
// never one that failed.
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
