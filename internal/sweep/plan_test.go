package sweep_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// loose is a program that takes anything, as it is.
type loose struct{ program }

func (loose) Normalize(data []byte) ([]byte, error) { return data, nil }

// A spec is refused before its first trial, whatever is wrong with it, soon and
// without panic: products of its sizes overflow, and so would memory.
func TestSpecsThatAreTooLarge(t *testing.T) {
	long := strings.Repeat("x", 60_000)
	var many strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&many, "%s a%d: [1]", strings.Repeat(",", min(1, i)), i)
	}
	values := "[0" + strings.Repeat(",1", 1)
	for i := 2; i < 317; i++ {
		values += fmt.Sprint(",", i)
	}
	values += "]"
	for name, tt := range map[string]struct{ text, want string }{
		"largest trials":   {"method: random\ntrials: 9223372036854775807\nspace: {x: {uniform: [0, 1]}}", "trials must be in [1, 100000]"},
		"trials and seeds": {"method: random\ntrials: 4611686018427387904\nseeds: 4\nspace: {x: {uniform: [0, 1]}}", "trials must be in [1, 25000]"},
		"trials wrap to 1": {"method: random\ntrials: 6148914691236517206\nseeds: 3\nspace: {x: {uniform: [0, 1]}}", "trials must be in [1, 33333]"},
		"negative":         {"method: random\ntrials: -9223372036854775808\nseeds: 2", "trials must be in [1, 50000]"},
		"grid":             {"space: {x: " + values + ", y: " + values + ", z: " + values + "}", "at most 100000 trials"},
		"grid and seeds":   {"seeds: 1000\nspace: {x: " + values + "}", "at most 100000 trials"},
		"rounds":           {"method: halving\ntrials: 100000\nspace: {x: {uniform: [0, 1]}}\nhalving: {min: 1, max: 1073741824, factor: 2}", "halving must plan at most 100000 trials, got 100000 configurations with 1 seeds in 31 rounds"},
		"rounds of asha":   {"method: asha\ntrials: 1000\nseeds: 100\nspace: {x: {uniform: [0, 1]}}\nhalving: {min: 1, max: 3}", "in 2 rounds"},
		"long values":      {"settings: {y: " + long + "}\nseeds: 20\nspace: {x: " + values + "}", "configurations must be at most 64 MiB together"},
		"longer":           {"settings: {y: " + long + long + "}\nspace: {x: " + values + "}", "trial must be at most 65536 bytes"},
		"many names":       {"seeds: 1000\nsettings: {x: 1}\nspace: {" + many.String() + "}", "settings and space must have at most 1000 settings, got 20001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			s, err := sweep.ParseSpec("spec", []byte("name: a\n"+tt.text))
			if err == nil {
				_, err = sweep.NewPlan(t.Context(), s, loose{})
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want error %q, got %.300v", tt.want, err)
			}
			// It took minutes once.
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}

// Planning stops when it is told to.
func TestNewPlanStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sweep.NewPlan(ctx, parse(t, "name: a\nspace: {x: [1]}"), program{}); !errors.Is(err, context.Canceled) {
		t.Errorf("want the context's error, got %v", err)
	}
}

func TestPlanErrors(t *testing.T) {
	for text, want := range map[string]string{
		"metric: accuracy":     `metric must be one of error, got "accuracy"`,
		"space: {y: [1, 2]}":   "configurations must be different", // the program ignores it
		"space: {x: [1, [2]]}": "cannot unmarshal array",
		"method: halving\ntrials: 2\nspace: {epochs: [1, 2]}\nhalving: {resource: x, min: 1, max: 3}\nsettings: {z: 1}": "",
	} {
		_, err := sweep.NewPlan(t.Context(), parse(t, "name: a\n"+text), program{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want error %q, got %v", text, want, err)
		}
	}
}

// A result of another metric is a failure, and does not hide the others.
func TestRowsOfAnotherMetric(t *testing.T) {
	s := parse(t, "name: a\nspace: {x: [0, 0.5]}")
	results := play(t, s, 1)
	for id, r := range results {
		var c config
		if err := json.Unmarshal(r.Config, &c); err != nil {
			t.Fatal(err)
		}
		if c.X == 0 {
			r.Metrics = map[string]float64{"loss": 1}
			results[id] = r
		}
	}
	rows, err := sweep.Rows(s, results)
	if err != nil || len(rows) != 2 || rows[0].Estimate.N != 1 || len(rows[1].Failures) != 1 || rows[1].Failures[0] != `metric must be error, got ["loss"]` {
		t.Errorf("got %+v, %v", rows, err)
	}
}
