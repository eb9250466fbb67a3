package training

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
)

// A Setup is what a run was begun with, as far as it can be compared: a State
// carries it, and a run that goes on from there must have the same, or it would be
// neither that run nor another. The contents of the data are the caller's to keep.
//
// To go on with other settings on purpose, such as more epochs, change the Setup of
// the state. Batch size and data must stay within an epoch.
type Setup struct {
	Train      int    `json:"train"`      // examples
	Validation int    `json:"validation"` // examples, 0 for none
	Epochs     int    `json:"epochs"`
	BatchSize  int    `json:"batch_size"`
	DropLast   bool   `json:"drop_last,omitempty"`
	Accumulate int    `json:"accumulate,omitempty"` // batches of a step, 0 for one
	Groups     string `json:"groups,omitempty"`     // and their settings
	Ignored    *int   `json:"ignored,omitempty"`    // IgnoreIndex
	NonFinite  string `json:"non_finite,omitempty"` // what it does, unless it ends the run
	Average    string `json:"average,omitempty"`    // which weights are averaged, and how
	RDrop      string `json:"r_drop,omitempty"`     // its settings
	Seed       uint64 `json:"seed"`                 // of the order of the examples
	ModelSeed  uint64 `json:"model_seed"`           // of the masks
	Frozen     string `json:"frozen,omitempty"`     // the names of the frozen parameters
	Targets    string `json:"targets"`              // of an example, and its weights
	Metrics    string `json:"metrics,omitempty"`    // the names of what is measured
	// Solver is its type and settings, but for those that a schedule sets.
	Solver string `json:"solver"`
	// Schedules are those of the solver's settings: the values at the steps 0, 1, 3, 7,
	// 15, ..., as far as the run goes, under "LR", "Momentum" and "WeightDecay".
	Schedules map[string][]string `json:"schedules,omitempty"`
	// Ops are those of the network, with their settings, and of the loss, for a batch.
	Ops []string `json:"ops"`
}

// setup returns that of a run of data by a graph with the given ops.
func (t *Trainer) setup(data Data, ops []string) Setup {
	s := Setup{
		Train: data.Train.Len(), Epochs: t.Epochs, BatchSize: t.batchSize(), DropLast: t.DropLast,
		Seed: t.Seed, ModelSeed: t.Model.Seed(), Frozen: strings.Join(t.Model.Frozen(), " "), Ops: ops,
		Groups: describeGroups(t.Groups), Average: t.Average.String(), Ignored: t.IgnoreIndex, RDrop: t.RDrop.String(),
	}
	if t.accumulated() > 1 {
		s.Accumulate = t.Accumulate
	}
	if t.NonFinite != StopOnNonFinite {
		s.NonFinite = t.NonFinite.String()
	}
	fields := FieldsOf(data.Train)
	s.Targets = fields.String() + headNames(t.Heads)
	var measured []string
	for _, m := range t.measures(data.judged()) {
		measured = append(measured, m.Name())
	}
	s.Metrics = strings.Join(measured, ", ")
	if data.Validation != nil {
		s.Validation = data.Validation.Len()
	}
	perEpoch := int64(t.stepsPerEpoch(s.Train))
	for _, setting := range t.scheduled() {
		var values []string
		for step := int64(0); step/perEpoch < int64(t.Epochs) && step < math.MaxInt64/2; step = 2*step + 1 {
			values = append(values, strconv.FormatFloat(setting.schedule.At(step), 'g', -1, 64))
		}
		if s.Schedules == nil {
			s.Schedules = make(map[string][]string)
		}
		s.Schedules[setting.name] = values
	}
	s.Solver = describeSolver(t.Solver, s.Schedules)
	return s
}

// describeSolver returns the type and the exported fields of a solver, but for those
// that are scheduled.
func describeSolver(solver any, scheduled map[string][]string) string {
	of := strings.TrimPrefix(reflect.TypeOf(solver).String(), "*")
	data, err := json.Marshal(solver)
	var fields map[string]json.RawMessage
	if err != nil || json.Unmarshal(data, &fields) != nil {
		return of // of a foreign kind
	}
	for name := range scheduled {
		delete(fields, name)
		if name == "Momentum" {
			delete(fields, "Beta1") // its name in Adam
		}
	}
	// Maps are written in the order of their keys.
	if data, err = json.Marshal(fields); err != nil {
		return of
	}
	return of + string(data)
}

// names returns those of scheduled settings.
func names(schedules map[string][]string) string {
	return cmp.Or(strings.Join(slices.Sorted(maps.Keys(schedules)), ", "), "none")
}

// same returns an error that names all in which a run differs from s.
func (s Setup) same(run Setup) error {
	if s.BatchSize == 0 {
		return errors.New("state must have the setup of its run, got none")
	}
	var differ []string
	for _, setting := range []struct {
		name      string
		want, got any
	}{
		{"the number of training examples", s.Train, run.Train},
		{"the number of validation examples", s.Validation, run.Validation},
		{"Epochs", s.Epochs, run.Epochs},
		{"BatchSize", s.BatchSize, run.BatchSize},
		{"DropLast", s.DropLast, run.DropLast},
		{"Accumulate", max(s.Accumulate, 1), max(run.Accumulate, 1)},
		{"Groups", cmp.Or(s.Groups, "none"), cmp.Or(run.Groups, "none")},
		{"IgnoreIndex", ignoring(s.Ignored), ignoring(run.Ignored)},
		{"NonFinite", cmp.Or(s.NonFinite, StopOnNonFinite.String()), cmp.Or(run.NonFinite, StopOnNonFinite.String())},
		{"Average", cmp.Or(s.Average, "none"), cmp.Or(run.Average, "none")},
		{"RDrop", cmp.Or(s.RDrop, "none"), cmp.Or(run.RDrop, "none")},
		{"Seed", s.Seed, run.Seed},
		{"the model's seed", s.ModelSeed, run.ModelSeed},
		{"the frozen parameters", cmp.Or(s.Frozen, "none"), cmp.Or(run.Frozen, "none")},
		{"the targets", s.Targets, run.Targets},
		{"Metrics", cmp.Or(s.Metrics, "none"), cmp.Or(run.Metrics, "none")},
		{"Solver", s.Solver, run.Solver},
		{"the scheduled settings", names(s.Schedules), names(run.Schedules)},
	} {
		if setting.want != setting.got {
			differ = append(differ, fmt.Sprintf("%s must be %v, got %v", setting.name, setting.want, setting.got))
		}
	}
	// How many values there are follows from the settings above.
	for _, name := range slices.Sorted(maps.Keys(s.Schedules)) {
		want, got := s.Schedules[name], run.Schedules[name]
		for i := range min(len(want), len(got)) {
			if want[i] != got[i] {
				differ = append(differ, fmt.Sprintf("%s must be %s at step %d, got %s", name, want[i], int64(1)<<i-1, got[i]))
				break
			}
		}
	}
	// Ops tell the seed too: more of them differ then than need be said.
	if s.ModelSeed == run.ModelSeed {
		if d := differentOp(s.Ops, run.Ops); d != "" {
			differ = append(differ, d)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return errors.Errorf("settings must be those of the run that the state is of: %s", strings.Join(differ, "; "))
}

// ignoring names the label that is ignored.
func ignoring(label *int) string {
	if label == nil {
		return "none"
	}
	return strconv.Itoa(*label)
}

// differentOp says in which op two networks and losses differ first.
func differentOp(want, got []string) string {
	for i := range max(len(want), len(got)) {
		w, g := "nothing", "nothing"
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			return fmt.Sprintf("the network and Loss must have %s, got %s", w, g)
		}
	}
	return ""
}

// pointers are what a name of an op may have that differs between equal runs.
var pointers = regexp.MustCompile(`0x[0-9a-f]+`)

// opNames returns the ops of a graph, in the order in which they were made.
func opNames(g *gorgonia.ExprGraph) []string {
	var names []string
	for _, n := range g.AllNodes() {
		if op := n.Op(); op != nil {
			names = append(names, pointers.ReplaceAllString(op.String(), "it"))
		}
	}
	return names
}
