package sweep_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// program is the simplest there can be.
type program struct{}

type config struct {
	X      float64 `json:"x"`
	Epochs int     `json:"epochs"`
	Seed   int     `json:"seed"`
}

func (program) Normalize(data []byte) ([]byte, error) {
	var c config
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

func (program) Metrics() []string { return []string{"error"} }

func (program) Run(context.Context, sweep.Job) (sweep.Outcome, error) { return sweep.Outcome{}, nil }

// outcome is lowest at x = 0.
func outcome(t sweep.Trial) sweep.Result {
	var c config
	_ = json.Unmarshal(t.Config, &c)
	if c.X > 0.95 {
		return sweep.Result{Trial: t, Outcome: sweep.Outcome{Failure: "loss must be finite"}}
	}
	return sweep.Result{Trial: t, Outcome: sweep.Outcome{Metrics: map[string]float64{"error": c.X + 1/float64(c.Epochs+1)}}}
}

func parse(t testing.TB, text string) *sweep.Spec {
	t.Helper()
	s, err := sweep.ParseSpec("spec", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// play makes a sweep whose trials end in a random order, with a plan that is
// made anew now and then, and returns the results.
func play(t testing.TB, s *sweep.Spec, seed uint64) map[string]sweep.Result {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	results, waiting := make(map[string]sweep.Result), make(map[string]bool)
	var queue []sweep.Trial
	var plan *sweep.Plan
	for range 10_000 {
		if plan == nil || r.IntN(8) == 0 {
			var err error
			if plan, err = sweep.NewPlan(t.Context(), s, program{}); err != nil {
				t.Fatal(err)
			}
		}
		for _, next := range plan.Next(results, waiting) {
			if waiting[next.ID] || results[next.ID].ID != "" || !plan.Has(next.ID) {
				t.Fatalf("trial %s comes twice", next.ID)
			}
			waiting[next.ID] = true
			queue = append(queue, next)
		}
		if len(queue) == 0 {
			return results
		}
		i := r.IntN(len(queue))
		done := queue[i]
		queue = append(queue[:i], queue[i+1:]...)
		delete(waiting, done.ID)
		results[done.ID] = outcome(done)
	}
	t.Fatal("the sweep does not end")
	return nil
}

func TestGrid(t *testing.T) {
	s := parse(t, "name: a\nseeds: 2\nspace: {x: [0, 0.5, 1], epochs: [1, 2]}")
	results := play(t, s, 1)
	if len(results) != 12 {
		t.Errorf("want 12 trials, got %d", len(results))
	}
	rows, err := sweep.Rows(s, results)
	if err != nil || len(rows) != 6 || rows[0].Settings["x"] != 0.0 || rows[0].Settings["epochs"] != 2.0 || rows[0].Estimate.N != 2 || len(rows[5].Failures) != 2 {
		t.Errorf("got %+v, %v", rows, err)
	}
	var table, lines, js bytes.Buffer
	for _, err := range []error{sweep.WriteTable(&table, s, results, 3), sweep.WriteCSV(&lines, s, results), sweep.WriteJSON(&js, s, results)} {
		if err != nil {
			t.Error(err)
		}
	}
	if strings.Count(table.String(), "\n") != 4 || strings.Count(lines.String(), "\n") != 13 || !json.Valid(js.Bytes()) {
		t.Errorf("got\n%s%s", table.String(), lines.String())
	}
}

func TestRandomIsReproducible(t *testing.T) {
	const text = "name: a\nmethod: random\ntrials: 50\nspace: {x: {log: [0.001, 1]}, epochs: {int: [1, 3]}}"
	a, b := play(t, parse(t, text), 1), play(t, parse(t, text), 2)
	if len(a) != 50 || len(b) != 50 {
		t.Fatalf("want 50 trials, got %d and %d", len(a), len(b))
	}
	for id, r := range a {
		if string(b[id].Config) != string(r.Config) {
			t.Errorf("trial %s is missing in the second", id)
		}
	}
	other := play(t, parse(t, text+"\ndraw: 7"), 1)
	for id := range other {
		if _, ok := a[id]; ok {
			t.Errorf("another draw must give other trials, got %s in both", id)
		}
	}
}

// Halving makes the same trials in whatever order they end, and the best go on.
func TestHalving(t *testing.T) {
	for _, method := range []string{"halving", "asha"} {
		var first map[string]sweep.Result
		for seed := range uint64(5) {
			s := parse(t, "name: a\nmethod: "+method+"\ntrials: 27\nseeds: 2\nspace: {x: {uniform: [0, 1]}}\nhalving: {min: 1, max: 10, factor: 3}")
			got := play(t, s, seed)
			rounds := make(map[int]int)
			for _, r := range got {
				var c config
				_ = json.Unmarshal(r.Config, &c)
				rounds[c.Epochs]++
			}
			if rounds[1] != 54 || rounds[3] < 18 || rounds[9] < 6 || len(rounds) != 3 {
				t.Errorf("%s: trials by epochs are %v", method, rounds)
			}
			rows, err := sweep.Rows(s, got)
			if err != nil || rows[0].Settings["epochs"] != 9.0 {
				t.Errorf("%s: the best must have the most epochs, got %+v, %v", method, rows[0], err)
			}
			if first == nil {
				first = got
			}
			if method == "halving" && (len(got) != len(first) || len(got) != 78) {
				t.Errorf("the order must not change the trials, got %d and %d", len(got), len(first))
			}
		}
	}
}

func TestSpecErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "must not be empty",
		"name: a\nspice: {}":    `spec:2:1: unknown key "spice", did you mean "space"?`,
		"name: A":               "name must be 1 to 63 of",
		"name: a\n---\nname: b": "one YAML document",
		"name: a\nseeds: -1":    "seeds must be in [1, 1000], got -1",
		"name: a\nmethod: luck": "method must be grid, random, halving or asha",
		"name: a\nspace: {x: {log: [0, 1]}}\nmethod: random\ntrials: 1":                                "log must be [LOW, HIGH] with LOW above 0",
		"name: a\nspace: {x: {uniform: [1]}}\nmethod: random\ntrials: 1":                               "spec:2:22: uniform: must be a list of 2, got 1",
		"name: a\nspace: {x: {uniform: [1, 1.00000000001]}}\nmethod: random\ntrials: 1":                "uniform: must be wider than 1e-10 of its numbers",
		"name: a\nspace: {x: {int: [0, 9007199254740993]}}\nmethod: random\ntrials: 1":                 "within 2^53 of 0",
		"name: a\nspace: {x: [9007199254740993]}":                                                      "whole numbers within 2^53 of 0",
		"name: a\nspace: {x: [18446744073709551615]}":                                                  "whole numbers within 2^53 of 0",
		"name: a\nspace: {x: [1, 2, 1.0]}":                                                             "different values, got 1 twice",
		"name: a\nspace: {seed: [1, 2, 3]}":                                                            "space: seed must be left to seeds",
		"name: a\nsettings: {seed: 2}":                                                                 "settings: seed must be left to seeds",
		"name: a\nspace: {'=1+1': [1]}":                                                                "space: setting must be named by",
		"name: a\nmethod: asha\ntrials: 1\nhalving: {resource: seed, min: 1, max: 3}":                  "halving: resource: seed must be left to seeds",
		"name: a\nmethod: asha\ntrials: 1\nhalving: {min: 1, max: 3}\nsettings: {epochs: null}":        "epochs must be left to halving",
		"name: a\nspace: {x: {int: [3, 1]}}\nmethod: random\ntrials: 1":                                "int must be [LOW, HIGH]",
		"name: a\nspace: {x: {uniform: [0, 1]}}":                                                       "must be a list of values in a grid",
		"name: a\nspace: {x: 3}":                                                                       "must be a list of values, or one of",
		"name: a\nspace: {x: {lag: [1, 2]}}":                                                           `spec:2:13: unknown key "lag", did you mean "log"?`,
		"name: a\nspace: {x: []}":                                                                      "at least one value",
		"name: a\nspace: {x: [1]}\nsettings: {x: 1}":                                                   "got it in both",
		"name: a\nsettings: {x: .nan}":                                                                 `spec:2:15: must be a number in decimal digits, or a string in quotes, got ".nan"`,
		"name: a\nmethod: random":                                                                      "trials must be in [1, 100000], got 0",
		"name: a\nmethod: asha\ntrials: 3":                                                             "halving must have min and max",
		"name: a\nhalving: {min: 1, max: 2}":                                                           "must be left out with method grid",
		"name: a\nmethod: halving\ntrials: 3\nhalving: {min: 0, max: 9}":                               "1 <= min <= max",
		"name: a\nseeds: 1000\nspace: {x: [1,2,3,4,5,6,7,8,9,0], y: [1,2,3,4,5,6,7,8,9,0], z: [1, 2]}": "at most 100000 trials",
	} {
		if _, err := sweep.ParseSpec("spec", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want error %q, got %v", text, want, err)
		}
	}
}

func TestTrialErrors(t *testing.T) {
	good, err := sweep.NewTrial("a", "fake", []byte(`{"x":1}`))
	if err != nil {
		t.Fatal(err)
	}
	data, _ := good.Encode()
	for _, tt := range []struct{ data, want string }{
		{"", "EOF"},
		{"[]", "cannot unmarshal"},
		{string(data) + "{}", "one JSON object"},
		{strings.Replace(string(data), `"x":1`, `"x":2`, 1), "id must be the hash"},
		{strings.Replace(string(data), `"sweep":"a"`, `"sweep":"a.b"`, 1), "sweep must be 1 to 63 of"},
		{strings.Replace(string(data), `"program"`, `"programm"`, 1), "unknown field"},
		{strings.Replace(string(data), `{"x":1}`, `7`, 1), "config must be a JSON object"},
		{strings.Repeat(" ", sweep.MaxMessage+1), "at most 65536 bytes"},
		{strings.Replace(string(data), `"program"`, `"PROGRAM"`, 1), "as it is encoded"},
		{strings.Replace(string(data), `"program"`, `"sweep":"b","program"`, 1), "as it is encoded"},
		{" " + string(data), "as it is encoded"},
	} {
		if _, err := sweep.DecodeTrial([]byte(tt.data)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.60q: want error %q, got %v", tt.data, tt.want, err)
		}
	}
}

// A result says something.
func TestResultErrors(t *testing.T) {
	trial, err := sweep.NewTrial("a", "fake", []byte(`{"x":1}`))
	if err != nil {
		t.Fatal(err)
	}
	measured := map[string]float64{"error": 1}
	for want, r := range map[string]sweep.Result{
		"":                                      {Trial: trial, Outcome: sweep.Outcome{Metrics: measured}},
		"metrics or a failure, got 0":           {Trial: trial},
		"metrics or a failure, got 1":           {Trial: trial, Outcome: sweep.Outcome{Metrics: measured, Failure: "both"}},
		"seconds must be in [0, 1e+09], got -1": {Trial: trial, Outcome: sweep.Outcome{Metrics: measured}, Seconds: -1},
		"seconds must be in [0, 1e+09], got 1e+10": {Trial: trial, Outcome: sweep.Outcome{Metrics: measured}, Seconds: 1e10},
		"artefact must be named":                   {Trial: trial, Outcome: sweep.Outcome{Metrics: measured}, Artefacts: []string{"../x"}},
	} {
		data, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sweep.DecodeResult(data); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
	}
}

// A spreadsheet runs nothing that comes from a trial, and a terminal obeys
// nothing.
func TestTablesAreText(t *testing.T) {
	s := parse(t, "name: a\nspace: {x: [0, 0.5]}")
	results := play(t, s, 1)
	for id, r := range results {
		r.Outcome = sweep.Outcome{Metrics: map[string]float64{"error": -0.5, "@SUM(A1)": 1}}
		if strings.Contains(string(r.Config), "0.5") {
			r.Outcome = sweep.Outcome{Failure: "=HYPERLINK(\"x\")\n\x1b[2J"}
		}
		r.Worker = "+1+1"
		results[id] = r
	}
	var b bytes.Buffer
	if err := sweep.WriteCSV(&b, s, results); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) != 3 {
		t.Fatalf("got %q, %v", lines, err)
	}
	text := fmt.Sprintf("%q", lines)
	for _, want := range []string{`"'@SUM(A1)"`, `"'=HYPERLINK(\"x\") \ufffd[2J"`, `"'+1+1"`, `"-0.5"`} {
		if !strings.Contains(strings.ReplaceAll(text, "\uFFFD", `\ufffd`), want) {
			t.Errorf("want %s in %s", want, text)
		}
	}
	for v, want := range map[any]string{0.12345678: "0.12345678", "a\x1b[2J\u202e": "a\uFFFD[2J\uFFFD", true: "true", 1e-7: "1e-07"} {
		if got := sweep.Text(v); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

// What is decoded is encoded to what decodes to the same.
func FuzzDecodeTrial(f *testing.F) {
	t, _ := sweep.NewTrial("a", "fake", []byte(`{"x":1}`))
	data, _ := t.Encode()
	f.Add(data)
	f.Add([]byte(`{"sweep":"a","id":"","program":"","config":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := sweep.DecodeTrial(data)
		if err != nil {
			return
		}
		again, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		b, err := sweep.DecodeTrial(again)
		// A configuration with spaces is another after it was encoded, and is
		// refused as no program can have normalized it.
		if err == nil && fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%v became %v", a, b)
		}
	})
}

// A result that is accepted has a name for each file that it leads to.
func FuzzDecodeResult(f *testing.F) {
	t, _ := sweep.NewTrial("a", "fake", []byte(`{"x":1}`))
	data, _ := sweep.Result{Trial: t, Outcome: sweep.Outcome{Metrics: map[string]float64{"error": 0.5}}, Artefacts: []string{"model.safetensors"}}.Encode()
	f.Add(data)
	f.Add(bytes.Replace(data, []byte("model."), []byte("../"), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := sweep.DecodeResult(data)
		if err != nil {
			return
		}
		for _, name := range r.Artefacts {
			if !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) {
				t.Errorf("artefact %q", name)
			}
		}
		if _, err := r.Encode(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzParseSpec(f *testing.F) {
	f.Add("name: a\nseeds: 2\nspace: {x: [0, 0.5, 1], epochs: [1, 2]}")
	f.Add("name: a\nmethod: asha\ntrials: 9\nspace: {x: {uniform: [0, 1]}}\nhalving: {min: 1, max: 9}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sweep.ParseSpec("spec", []byte(text))
		if err != nil {
			return
		}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again sweep.Spec
		if err := json.Unmarshal(data, &again); err != nil {
			t.Fatal(err)
		}
		if err := again.Complete(); err != nil {
			t.Errorf("%s: %v", data, err)
		}
	})
}
