package sweep_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// xs returns the value of x in each configuration of a plan.
func xs(t *testing.T, s *sweep.Spec) []float64 {
	t.Helper()
	plan, err := sweep.NewPlan(t.Context(), s, program{})
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	for _, trial := range plan.Next(nil, nil) {
		var c config
		if err := json.Unmarshal(trial.Config, &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c.X)
	}
	return all
}

// Draws are inside their range, different, and short enough to be typed.
func TestDraws(t *testing.T) {
	for _, tt := range []struct {
		space     string
		low, high float64
		digits    int
	}{
		{"uniform: [0, 1]", 0, 1, 4},
		{"uniform: [0.12341, 0.12349]", 0.12341, 0.12349, 9},
		{"uniform: [0.99996, 0.999999]", 0.99996, 0.999999, 9},
		{"uniform: [-1e-9, 1e-9]", -1e-9, 1e-9, 5},
		{"uniform: [123456789, 123456790]", 123456789, 123456790, 13},
		{"uniform: [-8e307, 8e307]", -8e307, 8e307, 17},
		{"uniform: [5e-324, 1e-310]", 5e-324, 1e-310, 17},
		{"log: [0.01, 0.5]", 0.01, 0.5, 5},
		{"log: [0.12341, 0.12349]", 0.12341, 0.12349, 9},
		{"log: [1e-300, 1e300]", 1e-300, 1e300, 17},
		{"log: [0.99996, 0.999999]", 0.99996, 0.999999, 9},
		{"int: [-9007199254740992, 9007199254740992]", -(1 << 53), 1 << 53, 17},
		{"int: [1, 300]", 1, 300, 3},
	} {
		all := xs(t, parse(t, "name: a\nmethod: random\ntrials: 300\nspace: {x: {"+tt.space+"}}"))
		seen := make(map[float64]bool)
		least, most := math.Inf(1), math.Inf(-1)
		for _, x := range all {
			seen[x] = true
			least, most = min(least, x), max(most, x)
			text := strings.TrimLeft(strings.ReplaceAll(fmt.Sprintf("%.17g", x), ".", ""), "-0")
			if short := fmt.Sprintf("%.*g", tt.digits, x); short != fmt.Sprint(x) && len(text) > 0 {
				var again float64
				fmt.Sscan(short, &again)
				if again != x && x != tt.low && x != tt.high {
					t.Errorf("%s: want at most %d digits, got %v", tt.space, tt.digits, x)
				}
			}
		}
		if len(seen) != 300 || least < tt.low || most > tt.high {
			t.Errorf("%s: want 300 different draws inside, got %d from %v to %v", tt.space, len(seen), least, most)
		}
	}
}

// More trials begin with those that fewer have, and a space that has fewer
// configurations than trials is refused.
func TestDrawsAreDifferent(t *testing.T) {
	const text = "name: a\nmethod: random\nspace: {x: {int: [1, 4]}, epochs: [1, 2, 3]}\ntrials: "
	few, all := xs(t, parse(t, text+"5")), xs(t, parse(t, text+"12"))
	for i, x := range few {
		if all[i] != x {
			t.Errorf("trial %d: want %v, got %v", i, x, all[i])
		}
	}
	_, err := sweep.NewPlan(t.Context(), parse(t, text+"13"), program{})
	if err == nil || !strings.Contains(err.Error(), "number of configurations that space has, got 13 of 12") {
		t.Errorf("want an error, got %v", err)
	}
}
