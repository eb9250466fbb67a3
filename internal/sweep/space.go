package sweep

import (
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/portable"
)

// A Range is what a setting may be: one of Values, or a number drawn from an
// interval, uniformly, uniformly in the logarithm, or as a whole number.
type Range struct {
	Values  []any       `json:"values,omitempty"`
	Uniform *[2]float64 `json:"uniform,omitempty"`
	Log     *[2]float64 `json:"log,omitempty"`
	Int     *[2]int64   `json:"int,omitempty"`
}

// UnmarshalConfig reads a list of values, or a mapping.
func (r *Range) UnmarshalConfig(n *configfile.Node) error {
	switch n.Kind() {
	case configfile.List:
		return n.Decode(&r.Values)
	case configfile.Mapping:
		type plain Range
		return n.Decode((*plain)(r))
	}
	return n.Errorf("must be a list of values, or one of values, uniform, log and int with its own")
}

// settingRule is the rule for names of settings, which become columns of
// tables.
var settingRule = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]{0,62}$`)

// checkSetting returns an error unless a spec may use the name for a setting.
func checkSetting(name string) error {
	if !settingRule.MatchString(name) {
		return errors.Errorf("setting must be named by 1 to 63 of a-z, A-Z, 0-9 and _, a letter first, got %.80q", name)
	}
	if name == "seed" {
		return errors.New("seed must be left to seeds, which makes each configuration with seeds 1 to that number")
	}
	return nil
}

// exact bounds the whole numbers that a float64, which tables are read as,
// represents exactly.
const exact = 1 << 53

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
	case r.Values != nil:
		return checkValues(r.Values)
	case r.Uniform != nil:
		return errors.WithMessage(checkInterval(*r.Uniform), "uniform")
	case r.Log != nil:
		if !(r.Log[0] >= 1e-300 && r.Log[1] <= 1e300) {
			return errors.Errorf("log must be [LOW, HIGH] with LOW above 0, within [1e-300, 1e300], got %v", *r.Log)
		}
		return errors.WithMessage(checkInterval(*r.Log), "log")
	case r.Int[0] >= r.Int[1] || r.Int[0] < -exact || r.Int[1] > exact:
		return errors.Errorf("int must be [LOW, HIGH] within 2^53 of 0, got %v", *r.Int)
	}
	return nil
}

func checkValues(values []any) error {
	if len(values) == 0 {
		return errors.New("must have at least one value")
	}
	if len(values) > MaxTrials {
		return errors.Errorf("must have at most %d values, got %d", MaxTrials, len(values))
	}
	seen := make(map[string]bool)
	for _, v := range values {
		switch n := reflect.ValueOf(v); {
		case n.CanInt() && (n.Int() < -exact || n.Int() > exact), n.CanUint() && n.Uint() > exact:
			return errors.Errorf("must have whole numbers within 2^53 of 0, got %v", v)
		}
		text, err := canonical(v)
		if err != nil {
			return err
		}
		if seen[text] {
			return errors.Errorf("must have different values, got %.80s twice", text)
		}
		seen[text] = true
	}
	return nil
}

// checkInterval requires room for many numbers: between neighbours that a
// float64 can hardly distinguish there is nothing to draw.
func checkInterval(of [2]float64) error {
	low, high := of[0], of[1]
	span := high - low
	if !(low < high) || math.IsInf(span, 0) {
		return errors.Errorf("must be [LOW, HIGH], got %v", of)
	}
	if span < 1e-10*max(math.Abs(low), math.Abs(high)) {
		return errors.Errorf("must be wider than 1e-10 of its numbers, got %v", of)
	}
	return nil
}

// draw returns a value inside the range, the same on every machine.
func (r Range) draw(g *rand.Rand) any {
	switch {
	case r.Uniform != nil:
		low, high := r.Uniform[0], r.Uniform[1]
		return shorten(low+float64((high-low)*g.Float64()), *r.Uniform, 0)
	case r.Log != nil:
		low, high := portable.Log(r.Log[0]), portable.Log(r.Log[1])
		return shorten(portable.Exp(low+float64((high-low)*g.Float64())), *r.Log, 4)
	case r.Int != nil:
		return r.Int[0] + g.Int64N(r.Int[1]-r.Int[0]+1)
	}
	return r.Values[g.IntN(len(r.Values))]
}

// shorten rounds a draw from an interval so that it is easy to type, to the
// given number of significant digits and at least a ten-thousandth of the
// interval. It stays inside the interval.
func shorten(x float64, of [2]float64, digits int) float64 {
	places := 4 - exponent(of[1]-of[0])
	if digits > 0 {
		places = max(places, digits-1-exponent(x))
	}
	// strconv can parse what it has formatted.
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'f', max(0, places), 64), 64)
	return min(max(x+0, of[0]), of[1]) // never -0
}

// exponent returns the exponent of the first digit of x.
func exponent(x float64) int {
	text := strconv.FormatFloat(x, 'e', -1, 64)
	e, _ := strconv.Atoi(text[strings.IndexByte(text, 'e')+1:])
	return e
}
