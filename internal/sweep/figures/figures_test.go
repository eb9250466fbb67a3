package figures

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// program takes any configuration.
type program struct{}

func (program) Normalize(data []byte) ([]byte, error) { return data, nil }
func (program) Metrics() []string                     { return []string{"error"} }

func (program) Run(context.Context, sweep.Job) (sweep.Outcome, error) {
	return sweep.Outcome{}, nil
}

// play makes all trials of a spec; the error is lowest at p = 0.25, and those with
// fail fail.
func play(t *testing.T, text string) (*sweep.Spec, map[string]sweep.Result) {
	t.Helper()
	s, err := sweep.ParseSpec("spec", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := sweep.NewPlan(t.Context(), s, program{})
	if err != nil {
		t.Fatal(err)
	}
	results := make(map[string]sweep.Result)
	for next := plan.Next(results, nil); len(next) > 0; next = plan.Next(results, nil) {
		for _, trial := range next {
			var c struct{ P, Seed, Epochs, Fail float64 }
			if err := json.Unmarshal(trial.Config, &c); err != nil {
				t.Fatal(err)
			}
			o := sweep.Outcome{Metrics: map[string]float64{"error": 0.1 + math.Abs(c.P-0.25) + 0.01*c.Seed + 0.1/(1+c.Epochs)}}
			if c.Fail > 0 {
				o = sweep.Outcome{Failure: "loss <must> be finite"}
			}
			results[trial.ID] = sweep.Result{Trial: trial, Outcome: o}
		}
	}
	return s, results
}

// Each kind of sweep has the figures that fit it, on a page of well-formed HTML
// and as files that can be read.
func TestAll(t *testing.T) {
	for i, tt := range []struct {
		spec, want string // names of figures
		captions   []string
	}{
		{"name: a\nseeds: 3\nspace: {p: [0, 0.25, 0.5]}", "against-p best", []string{"Band: 95 % confidence interval"}},
		{"name: a\nspace: {p: [0, 0.25], mode: [a, b], train: [10, 1000]}", "against-p against-train parallel best", []string{"best that was tried"}},
		{"name: a\nspace: {p: [0, 0.25], fail: [0, 1]}", "against-p parallel best", nil},
		{"name: a\nspace: {mode: [a, b]}", "best", nil},
		{"name: a\nspace: {fail: [1, 2]}", "", nil},
		{"name: a\nsettings: {p: 0.1}", "best", nil},
		{"name: a\nmethod: random\ntrials: 40\nspace: {p: {uniform: [0, 1]}, lr: {log: [0.001, 1]}}", "against-lr against-p parallel best", []string{"mean, with its 95 % confidence interval"}},
		{"name: a\nmethod: halving\ntrials: 9\nspace: {p: {uniform: [0, 1]}}\nhalving: {min: 1, max: 9}", "against-p against-epochs parallel best", []string{"Darker dots have more epochs"}},
	} {
		s, results := play(t, tt.spec)
		rows, err := sweep.Rows(s, results)
		if err != nil {
			t.Fatal(err)
		}
		all, err := All(s, rows)
		if err != nil {
			t.Errorf("%s: %v", tt.spec, err)
			continue
		}
		var names []string
		captions := ""
		for _, f := range all {
			names = append(names, f.Name)
			captions += f.Caption + "\n"
			if f.Title == "" || f.Alt == "" || f.Caption == "" {
				t.Errorf("%s: %s lacks words", tt.spec, f.Name)
			}
			if i > 1 {
				continue // the page draws them too
			}
			var b bytes.Buffer
			if err := f.Write(&b, "png"); err != nil {
				t.Error(err)
			} else if _, err := png.Decode(&b); err != nil {
				t.Errorf("%s: %s: %v", tt.spec, f.Name, err)
			}
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s: want figures %q, got %q", tt.spec, tt.want, got)
		}
		for _, want := range tt.captions {
			if !strings.Contains(captions, want) {
				t.Errorf("%s: want %q in captions, got %s", tt.spec, want, captions)
			}
		}
		var page bytes.Buffer
		if err := WriteHTML(&page, s, results); err != nil {
			t.Errorf("%s: %v", tt.spec, err)
			continue
		}
		if got := strings.Count(page.String(), "<svg "); got != len(all) {
			t.Errorf("%s: want %d figures on the page, got %d", tt.spec, len(all), got)
		}
		if strings.Contains(page.String(), "<must>") || strings.Contains(page.String(), "http-equiv") || strings.Contains(page.String(), "src=") {
			t.Errorf("%s: the page must escape its text and load nothing", tt.spec)
		}
		d := xml.NewDecoder(&page)
		d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", tt.spec, err)
		}
	}
}

// The best of each configuration is where halving has left it.
func TestBestAfterHalving(t *testing.T) {
	s, results := play(t, "name: a\nmethod: halving\ntrials: 9\nspace: {p: {uniform: [0, 1]}}\nhalving: {min: 1, max: 9}")
	rows, err := sweep.Rows(s, results)
	if err != nil {
		t.Fatal(err)
	}
	furthest := sweep.Furthest(s, rows)
	if len(rows) != 13 || len(furthest) != 9 || furthest[0].Settings["epochs"] != 9.0 {
		t.Errorf("want 9 of 13 rows, the first with 9 epochs, got %d of %d: %v", len(furthest), len(rows), furthest[0].Settings)
	}
}

// On a dark screen nothing stays as it was made for a white page: all colours are
// those that the style sheet changes.
func TestColorsFollowPage(t *testing.T) {
	for _, spec := range []string{
		"name: a\nseeds: 3\nspace: {p: [0, 0.25, 0.5], mode: [a, b]}",
		"name: a\nmethod: random\ntrials: 40\nspace: {p: {uniform: [0, 1]}, lr: {log: [0.001, 1]}}",
		"name: a\nmethod: halving\ntrials: 9\nspace: {p: {uniform: [0, 1]}}\nhalving: {min: 1, max: 9}",
	} {
		s, results := play(t, spec)
		var page bytes.Buffer
		if err := WriteHTML(&page, s, results); err != nil {
			t.Fatal(err)
		}
		_, drawings, _ := strings.Cut(page.String(), "<svg ")
		if bad := regexp.MustCompile(`(fill|stroke):#[0-9A-F]+`).FindString(drawings); bad != "" {
			t.Errorf("%s: colour %s does not follow the page", spec, bad)
		}
		if !strings.Contains(page.String(), "prefers-color-scheme: dark") {
			t.Error("the page has no dark style")
		}
	}
}
