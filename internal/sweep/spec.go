package sweep

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/pkg/errors"
	"gopkg.in/yaml.v3"
)

// A Spec says what a sweep is to try.
type Spec struct {
	Name    string `yaml:"name" json:"name"`
	Program string `yaml:"program" json:"program"` // "" is mnist
	Method  string `yaml:"method" json:"method"`   // grid (the default), random, halving or asha
	// Metric is to be as small as can be; "" is error.
	Metric   string           `yaml:"metric" json:"metric"`
	Settings map[string]any   `yaml:"settings" json:"settings,omitempty"` // the same for every trial
	Space    map[string]Range `yaml:"space" json:"space"`                 // tried
	Seeds    int              `yaml:"seeds" json:"seeds"`                 // each configuration is made with seeds 1 to Seeds; 0 is 1
	Trials   int              `yaml:"trials" json:"trials,omitempty"`     // configurations to draw, where they are drawn
	Draw     uint64           `yaml:"draw" json:"draw,omitempty"`         // chooses them
	Halving  *Halving         `yaml:"halving" json:"halving,omitempty"`
}

// Halving says how trials that do well are given more: successive halving
// (Jamieson and Talwalkar 2016) or, without waiting for the slowest, ASHA (Li et
// al. 2020).
type Halving struct {
	Resource string `yaml:"resource" json:"resource"` // the setting that is raised; "" is epochs
	Min      int    `yaml:"min" json:"min"`           // its value in the first round
	Max      int    `yaml:"max" json:"max"`           // and at most
	Factor   int    `yaml:"factor" json:"factor"`     // 1 of Factor trials goes on with Factor times as much; 0 is 3
	Parallel int    `yaml:"parallel" json:"parallel"` // trials at a time, for asha; 0 is 8
}

// A Range is what a setting may be: one of Values, or drawn from an interval,
// uniformly, uniformly in the logarithm, or as a whole number.
type Range struct {
	Values  []any       `yaml:"values" json:"values,omitempty"`
	Uniform *[2]float64 `yaml:"uniform" json:"uniform,omitempty"`
	Log     *[2]float64 `yaml:"log" json:"log,omitempty"`
	Int     *[2]int64   `yaml:"int" json:"int,omitempty"`
}

// UnmarshalYAML reads a list of values, or a mapping.
func (r *Range) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode(&r.Values)
	}
	if n.Kind != yaml.MappingNode {
		return errors.Errorf("line %d: must be a list of values, or one of values, uniform, log and int with its own", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; !slices.Contains([]string{"values", "uniform", "log", "int"}, key) {
			return errors.Errorf("line %d: must be values, uniform, log or int, got %.80q", n.Content[i].Line, key)
		}
	}
	type plain Range
	return n.Decode((*plain)(r))
}

// The methods of sweeps.
const (
	Grid   = "grid"
	Random = "random"
	Halve  = "halving"
	ASHA   = "asha"
)

// ParseSpec reads a spec in YAML and fills in its defaults.
func ParseSpec(data []byte) (*Spec, error) {
	if len(data) > MaxSpec {
		return nil, errors.Errorf("sweep: ParseSpec: spec must be at most %d bytes, got %d", MaxSpec, len(data))
	}
	s := &Spec{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(s); err != nil {
		if err == io.EOF {
			err = errors.New("spec must not be empty")
		}
		return nil, errors.Wrap(err, "sweep: ParseSpec")
	}
	if err := d.Decode(new(yaml.Node)); err != io.EOF {
		return nil, errors.New("sweep: ParseSpec: spec must be one YAML document, got more")
	}
	return s, errors.WithMessage(s.Complete(), "sweep: ParseSpec")
}

// Complete fills in defaults and checks the rest.
func (s *Spec) Complete() error {
	for _, d := range []struct {
		to    *string
		value string
	}{{&s.Program, "mnist"}, {&s.Method, Grid}, {&s.Metric, "error"}} {
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
	if s.Seeds < 1 || s.Seeds > 1000 {
		return errors.Errorf("seeds must be in [1, 1000], got %d", s.Seeds)
	}
	for _, name := range s.Names() {
		if err := s.Space[name].check(); err != nil {
			return errors.WithMessagef(err, "space: %.80s", name)
		}
		if _, ok := s.Settings[name]; ok {
			return errors.Errorf("%.80s must be in settings or in space, got it in both", name)
		}
	}
	switch s.Method {
	case Grid:
		if s.Trials != 0 {
			return errors.New("trials must be left out of a grid, which makes all")
		}
		n := s.Seeds
		for _, name := range s.Names() {
			if s.Space[name].Values == nil {
				return errors.Errorf("space: %.80s must be a list of values in a grid", name)
			}
			if n *= len(s.Space[name].Values); n > MaxTrials {
				return errors.Errorf("grid must have at most %d trials, got more", MaxTrials)
			}
		}
	case Random, Halve, ASHA:
		if s.Trials < 1 || s.Trials*s.Seeds > MaxTrials {
			return errors.Errorf("trials must be in [1, %d], got %d", MaxTrials/s.Seeds, s.Trials)
		}
	default:
		return errors.Errorf("method must be grid, random, halving or asha, got %.80q", s.Method)
	}
	if s.Method != Halve && s.Method != ASHA {
		if s.Halving != nil {
			return errors.Errorf("halving must be left out with method %s", s.Method)
		}
	} else if err := s.completeHalving(); err != nil {
		return err
	}
	// What JSON cannot hold, such as .nan, cannot be sent either.
	_, err := json.Marshal(s)
	return errors.Wrap(err, "spec")
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
		return errors.Errorf("halving must have 1 <= min <= max, a factor in [2, 1000] and parallel of at least 1, got %+v", *h)
	}
	for _, in := range []bool{s.Settings[h.Resource] != nil, slices.Contains(s.Names(), h.Resource)} {
		if in {
			return errors.Errorf("%.80s must be left to halving, got it in settings or space", h.Resource)
		}
	}
	return nil
}

func (r Range) check() error {
	kinds := 0
	for _, there := range []bool{r.Values != nil, r.Uniform != nil, r.Log != nil, r.Int != nil} {
		if there {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return errors.Errorf("must be one of values, uniform, log and int, got %d of them", kinds)
	case r.Values != nil && len(r.Values) == 0:
		return errors.New("must have at least one value")
	case r.Uniform != nil && !(r.Uniform[0] < r.Uniform[1] && !math.IsInf(r.Uniform[1]-r.Uniform[0], 0)):
		return errors.Errorf("uniform must be [LOW, HIGH], got %v", *r.Uniform)
	case r.Log != nil && !(0 < r.Log[0] && r.Log[0] < r.Log[1] && !math.IsInf(r.Log[1], 0)):
		return errors.Errorf("log must be [LOW, HIGH] with LOW above 0, got %v", *r.Log)
	case r.Int != nil && !(r.Int[0] < r.Int[1] && r.Int[1]-r.Int[0] > 0 && r.Int[1]-r.Int[0] < math.MaxInt64):
		return errors.Errorf("int must be [LOW, HIGH], got %v", *r.Int)
	}
	return nil
}

// Names returns the settings that are tried, in order.
func (s *Spec) Names() []string { return slices.Sorted(maps.Keys(s.Space)) }

// draw returns one value. Numbers have four significant digits, so that they
// can be typed again, and are the same on every machine.
func (r Range) draw(g *rand.Rand) any {
	round := func(x float64) float64 {
		x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
		return x
	}
	switch {
	case r.Uniform != nil:
		return round(r.Uniform[0] + (r.Uniform[1]-r.Uniform[0])*g.Float64())
	case r.Log != nil:
		return round(r.Log[0] * math.Pow(r.Log[1]/r.Log[0], g.Float64()))
	case r.Int != nil:
		return r.Int[0] + g.Int64N(r.Int[1]-r.Int[0]+1)
	}
	return r.Values[g.IntN(len(r.Values))]
}

// points returns the settings that are tried, for each configuration.
func (s *Spec) points() []map[string]any {
	names := s.Names()
	if s.Method == Grid {
		all := []map[string]any{{}}
		for _, name := range names {
			var next []map[string]any
			for _, p := range all {
				for _, v := range s.Space[name].Values {
					q := maps.Clone(p)
					q[name] = v
					next = append(next, q)
				}
			}
			all = next
		}
		return all
	}
	all := make([]map[string]any, s.Trials)
	for i := range all {
		g := rand.New(rand.NewPCG(s.Draw, uint64(i)))
		all[i] = make(map[string]any)
		for _, name := range names {
			all[i][name] = s.Space[name].draw(g)
		}
	}
	return all
}
