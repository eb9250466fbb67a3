package sweep

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
)

// A Spec says what a sweep tries.
type Spec struct {
	Name    string `json:"name"`
	Program string `json:"program"` // "" is mnist
	Method  string `json:"method"`  // grid (the default), random, halving or asha
	// Metric is minimized; "" is error.
	Metric   string           `json:"metric"`
	Settings map[string]any   `json:"settings,omitempty"` // the same for every trial
	Space    map[string]Range `json:"space"`              // tried
	Seeds    int              `json:"seeds"`              // each configuration is run with seeds 1 to Seeds; 0 means 1
	Trials   int              `json:"trials,omitempty"`   // number of configurations, for methods that draw them
	Draw     uint64           `json:"draw,omitempty"`     // seed of the draws
	Halving  *Halving         `json:"halving,omitempty"`
	Command  *Command         `json:"command,omitempty"` // the program, unless it is one of ours
}

// Halving says how trials that do well get more: by successive halving
// (Jamieson and Talwalkar 2016) or, without waiting for the slowest, by ASHA
// (Li et al. 2020).
type Halving struct {
	Resource string `json:"resource"` // the setting that is raised; "" is epochs
	Min      int    `json:"min"`      // its value in the first round
	Max      int    `json:"max"`      // its largest value
	Factor   int    `json:"factor"`   // 1 of Factor trials continues with Factor times as much; 0 means 3
	Parallel int    `json:"parallel"` // trials at a time, for asha; 0 means 8
}

// The methods of sweeps.
const (
	Grid   = "grid"
	Random = "random"
	Halve  = "halving"
	ASHA   = "asha"
)

// ParseSpec reads a spec in YAML, the content of the file called name, and
// fills in defaults.
func ParseSpec(name string, data []byte) (*Spec, error) {
	if len(data) > MaxSpec {
		return nil, errors.Errorf("%s: spec must be at most %d bytes, got more", name, MaxSpec)
	}
	n, err := configfile.ParseYAML(name, data)
	if err != nil {
		return nil, err
	}
	s := &Spec{}
	if err := n.Decode(s); err != nil {
		return nil, err
	}
	if err := given(n, "seeds", "trials"); err != nil {
		return nil, err
	}
	if h := n.Get("halving"); h != nil {
		if err := given(h, "factor", "parallel"); err != nil {
			return nil, err
		}
	}
	return s, errors.WithMessage(s.Complete(), name)
}

// ParseHalving reads the part halving of a spec, in YAML, from a source called
// name.
func ParseHalving(name string, data []byte) (*Halving, error) {
	n, err := configfile.ParseYAML(name, data)
	if err != nil {
		return nil, err
	}
	h := &Halving{}
	if err := n.Decode(h); err != nil {
		return nil, err
	}
	return h, given(n, "factor", "parallel")
}

// ParseCommand reads the part command of a spec, in YAML, from a source called name.
func ParseCommand(name string, data []byte) (*Command, error) {
	n, err := configfile.ParseYAML(name, data)
	if err != nil {
		return nil, err
	}
	c := &Command{}
	return c, n.Decode(c)
}

// given returns an error if a number is given as 0, which in a Spec stands for
// one that was left out.
func given(n *configfile.Node, keys ...string) error {
	for _, key := range keys {
		if v := n.Get(key); v != nil && v.Kind() == configfile.Number && strings.Trim(v.Text(), "-0") == "" {
			return v.Errorf("%s must be at least 1 or left out, got %s", key, v.Text())
		}
	}
	return nil
}

// Complete fills in defaults and checks everything else.
func (s *Spec) Complete() error {
	program := "mnist"
	if s.Command != nil {
		program = commandName
	}
	for _, d := range []struct {
		to    *string
		value string
	}{{&s.Program, program}, {&s.Method, Grid}, {&s.Metric, "error"}} {
		if *d.to == "" {
			*d.to = d.value
		}
	}
	if s.Seeds == 0 {
		s.Seeds = 1
	}
	if err := CheckName("name", s.Name); err != nil {
		return err
	}
	if err := CheckName("program", s.Program); err != nil {
		return err
	}
	if is := s.Program == commandName || strings.HasPrefix(s.Program, commandPrefix); is != (s.Command != nil) {
		return errors.Errorf("program must be left out with command, and one of ours without, got %s", s.Program)
	}
	if s.Command != nil {
		if err := s.Command.complete(s.Metric); err != nil {
			return errors.WithMessage(err, "command")
		}
	}
	if s.Seeds < 1 || s.Seeds > 1000 {
		return errors.Errorf("seeds must be in [1, 1000], got %d", s.Seeds)
	}
	if err := s.checkNames(); err != nil {
		return err
	}
	if err := s.completeMethod(); err != nil {
		return err
	}
	// JSON cannot hold, and messages cannot carry, values such as .nan.
	_, err := json.Marshal(s)
	return errors.Wrap(err, "spec")
}

// maxSettings limits the settings that a spec may name.
const maxSettings = 1000

// checkNames checks the names of settings and their ranges.
func (s *Spec) checkNames() error {
	if n := len(s.Settings) + len(s.Space); n > maxSettings {
		return errors.Errorf("settings and space must have at most %d settings, got %d", maxSettings, n)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Settings)) {
		if err := checkSetting(name); err != nil {
			return errors.WithMessage(err, "settings")
		}
	}
	for _, name := range s.Names() {
		if err := checkSetting(name); err != nil {
			return errors.WithMessage(err, "space")
		}
		if err := s.Space[name].check(); err != nil {
			return errors.WithMessagef(err, "space: %s", name)
		}
		if _, ok := s.Settings[name]; ok {
			return errors.Errorf("%s must be in settings or in space, got it in both", name)
		}
	}
	return nil
}

// completeMethod checks how configurations are chosen. It compares products of
// sizes by division, since they could overflow.
func (s *Spec) completeMethod() error {
	switch s.Method {
	case Grid:
		if s.Trials != 0 {
			return errors.New("trials must be left out of a grid, which makes all")
		}
		n := s.Seeds
		for _, name := range s.Names() {
			values := len(s.Space[name].Values)
			if values == 0 {
				return errors.Errorf("space: %s must be a list of values in a grid", name)
			}
			if n > MaxTrials/values {
				return errors.Errorf("grid must have at most %d trials, got more", MaxTrials)
			}
			n *= values
		}
	case Random, Halve, ASHA:
		if most := MaxTrials / s.Seeds; s.Trials < 1 || s.Trials > most {
			return errors.Errorf("trials must be in [1, %d], got %d", most, s.Trials)
		}
	default:
		return errors.Errorf("method must be grid, random, halving or asha, got %.80q", s.Method)
	}
	if s.Method == Halve || s.Method == ASHA {
		return s.completeHalving()
	}
	if s.Halving != nil {
		return errors.Errorf("halving must be left out with method %s", s.Method)
	}
	return nil
}

func (s *Spec) completeHalving() error {
	if s.Halving == nil {
		return errors.Errorf("halving must have min and max with method %s", s.Method)
	}
	h := s.Halving
	if h.Resource == "" {
		h.Resource = "epochs"
	}
	if h.Factor == 0 {
		h.Factor = 3
	}
	if h.Parallel == 0 {
		h.Parallel = 8
	}
	if h.Min < 1 || h.Max < h.Min || h.Max > 1<<30 || h.Factor < 2 || h.Factor > 1000 || h.Parallel < 1 || h.Parallel > MaxTrials {
		return errors.Errorf("halving must have 1 <= min <= max <= %d, a factor in [2, 1000] and parallel in [1, %d], got %+v", 1<<30, MaxTrials, *h)
	}
	if err := checkSetting(h.Resource); err != nil {
		return errors.WithMessage(err, "halving: resource")
	}
	_, set := s.Settings[h.Resource]
	if _, tried := s.Space[h.Resource]; set || tried {
		return errors.Errorf("%s must be left to halving, got it in settings or space", h.Resource)
	}
	if rounds := len(h.rounds()); s.Trials > MaxTrials/s.Seeds/rounds {
		return errors.Errorf("halving must plan at most %d trials, got %d configurations with %d seeds in %d rounds", MaxTrials, s.Trials, s.Seeds, rounds)
	}
	return nil
}

// rounds returns the value of the resource in each round.
func (h *Halving) rounds() []int {
	all := []int{h.Min}
	for r := h.Min; r <= h.Max/h.Factor; {
		r *= h.Factor
		all = append(all, r)
	}
	return all
}

// Names returns the settings that are tried, sorted.
func (s *Spec) Names() []string { return slices.Sorted(maps.Keys(s.Space)) }
