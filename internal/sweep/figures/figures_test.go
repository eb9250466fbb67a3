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
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/chromium"
	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/report"
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
		{"name: a\nseeds: 3\nspace: {p: [0, 0.25, 0.5]}", "best against-p", []string{"Band: 95 % confidence interval"}},
		{"name: a\nspace: {p: [0, 0.25], mode: [a, b], train: [10, 1000]}", "best against-p against-train importance parallel", []string{"best that was tried"}},
		{"name: a\nspace: {p: [0, 0.25], fail: [0, 1]}", "best against-p parallel", nil},
		{"name: a\nspace: {mode: [a, b]}", "best", nil},
		{"name: a\nspace: {fail: [1, 2]}", "", nil},
		{"name: a\nsettings: {p: 0.1}", "best", nil},
		{"name: a\nmethod: random\ntrials: 40\nspace: {p: {uniform: [0, 1]}, lr: {log: [0.001, 1]}}", "best against-lr against-p importance parallel", []string{"mean, with its 95 % confidence interval"}},
		{"name: a\nmethod: halving\ntrials: 9\nspace: {p: {uniform: [0, 1]}}\nhalving: {min: 1, max: 9}", "best against-p against-epochs parallel", []string{"Stronger dots have more epochs"}},
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
		d := xml.NewDecoder(strings.NewReader(strings.Replace(page.String(), string(report.PageScript()), "", 1)))
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

// What the metric depends on is important, and what it does not depend on is not,
// whether values are listed or drawn.
func TestInfluences(t *testing.T) {
	for _, spec := range []string{
		"name: a\nspace: {p: [0, 0.1, 0.25, 0.5, 0.7], train: [10, 20, 30, 40, 50]}",
		"name: a\nmethod: random\ntrials: 60\nspace: {p: {uniform: [0, 1]}, train: {int: [10, 60000]}}",
	} {
		s, results := play(t, spec)
		rows, err := sweep.Rows(s, results)
		if err != nil {
			t.Fatal(err)
		}
		got := influences(s, rows)
		if len(got) != 2 || got[0].name != "p" || got[0].share < 0.8 || got[0].share > 1 || got[1].share > 0.15 {
			t.Errorf("%s: %v", spec, got)
		}
	}
	s, results := play(t, "name: a\nspace: {p: [0.25], train: [10, 20]}") // the metric never varies
	rows, err := sweep.Rows(s, results)
	if err != nil {
		t.Fatal(err)
	}
	if got := influences(s, rows); got[0].share != 0 || got[1].share != 0 {
		t.Errorf("without any difference: %v", got)
	}
}

// On a phone the page is as wide as the screen, nothing leaves its drawing, and
// axe-core finds nothing serious.
func TestPageInChromium(t *testing.T) {
	browser := chromium.Open(t)
	for name, spec := range map[string]string{
		"grid":    "name: a\nseeds: 3\nspace: {p: [0, 0.25, 0.5], mode: [a, b], train: [10, 1000]}",
		"random":  "name: a\nmethod: random\ntrials: 40\nspace: {p: {uniform: [0, 1]}, lr: {log: [0.001, 1]}, label_smoothing: {uniform: [0, 1]}, weight_decay: {log: [0.001, 1]}, momentum: [0, 0.9], hidden: [[128], [256, 256], [1024, 1024, 1024]]}",
		"halving": "name: a\nmethod: halving\ntrials: 9\nspace: {p: {uniform: [0, 1]}}\nhalving: {min: 1, max: 9}",
	} {
		s, results := play(t, spec)
		var page bytes.Buffer
		if err := WriteHTML(&page, s, results); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(path, page.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{360, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				browser.Resize(width, scheme)
				browser.Load("file://" + path)
				var seen struct {
					Width   int
					Outside []string
				}
				browser.Eval(`({width: document.documentElement.scrollWidth, outside: [...document.querySelectorAll("svg text")].filter(e => {
					const t = e.getBoundingClientRect(), box = e.ownerSVGElement.getBoundingClientRect();
					return t.left < box.left - 1 || t.right > box.right + 1 || t.top < box.top - 1 || t.bottom > box.bottom + 1;
				}).map(e => e.textContent)})`, &seen)
				if seen.Width > width || len(seen.Outside) > 0 {
					t.Errorf("%s, %d pixels, %s: %+v", name, width, scheme, seen)
				}
				browser.Screenshot("sweep-" + name + "-" + strconv.Itoa(width) + "-" + scheme)
				t.Run("axe", func(t *testing.T) {
					chromium.NeedAxe(t)
					if found := browser.Axe(); len(found) > 0 {
						t.Errorf("%s, %d pixels, %s: %q", name, width, scheme, found)
					}
				})
			}
		}
	}
}
