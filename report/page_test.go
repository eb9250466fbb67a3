package report_test

import (
	"bytes"
	"html/template"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

func html(t *testing.T, p report.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// figures has one of each that predictions give.
func figures(t *testing.T) []*report.Figure {
	t.Helper()
	noise := make([]float32, 28*28*16)
	values := make([]float64, 500)
	correct := make([]bool, len(values))
	for i := range noise {
		noise[i] = float32(math.Abs(math.Sin(float64(i * i))))
	}
	for i := range values {
		values[i] = math.Max(0, 4*math.Sin(float64(i*i)))
		correct[i] = i%7 != 0
	}
	var all []*report.Figure
	add := func(f *report.Figure, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	add(report.Confusion(predictions(), nil))
	add(report.Calibration(predictions()))
	add(report.Filters(with, noise, 28, 28))
	add(report.Activations(report.Sample{Name: without, Values: values}, report.Sample{Name: with, Values: values[:100]}))
	add(report.Mistakes(predictions(), noise[:6*28*28], 28, 28, 12))
	add(report.Uncertainty(values, correct))
	return all
}

// network is a summary of a layer of the given name.
func network(name string) *models.Summary {
	return &models.Summary{Input: []int{784}, Params: 7850, Layers: []models.LayerSummary{
		{Place: "0", Name: "Dropout", Output: []int{784}, Rates: []models.LayerRate{{P: 0.3}}},
		{Place: "1", Name: name, Output: []int{10}, Params: 7850},
	}}
}

// The layers of the network are on the page, by names that are escaped.
func TestPageNetwork(t *testing.T) {
	page := html(t, report.Page{Title: "x", Figures: figures(t)[:1], Network: network(attack)})
	for _, want := range []string{`<h2 id="network">Network</h2>`, ">(784)</td>", ">7,850</td>", ">0.3</td>", "&lt;script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("page must have %q", want)
		}
	}
	if strings.Count(page, "<script>") != 1 {
		t.Error("the name of a layer is not escaped")
	}
	if strings.Contains(html(t, report.Page{Title: "x", Figures: figures(t)[:1]}), "Network") {
		t.Error("a page without a network has a section for it")
	}
}

func fullPage(t *testing.T) string {
	c := comparison(runs())
	return html(t, report.Page{
		Title: "Dropout on MNIST", Comparison: &c, Figures: figures(t), Network: network("Linear"),
		Settings: []report.Setting{{Name: "network", Values: []string{"784-256-256-10"}}, {Name: "drop probability", Values: []string{"0", "0.5"}}},
		Command:  "go run ./cmd/mnist --train 5000 --hidden 256,256 -p 0.5 --input-p 0.2 --epochs 30 --plain-epochs 30 --seeds 3 --out runs",
		Environment: &report.Environment{
			Date: "2026-01-02", Go: "go1.26.0", OS: "linux", Arch: "amd64", CPUs: 2, BLAS: "OpenBLAS 0.3.29",
		},
	})
}

const attack = `"><script>alert('x')</script><img src=https://example.com/x.png onerror=alert(1)>`

// hostilePage has markup and very long words wherever a user may write.
func hostilePage(t *testing.T) string {
	s := attack + strings.Repeat("long", 40)
	results := runs()
	for i := range results {
		results[i].Arm += s
		results[i].History.Stopped = s
	}
	all := figures(t)
	for _, f := range all {
		f.Title, f.Caption, f.Alt = s, s, s
	}
	return html(t, report.Page{
		Title: s, Comparison: &report.Comparison{Results: results, Without: without + s, With: with + s}, Figures: all,
		Settings: []report.Setting{{Name: s, Values: []string{s, s}}}, Command: s,
		Environment: &report.Environment{Date: s, Go: s, OS: s, Arch: s, CPUs: 1, BLAS: s},
	})
}

var tags = regexp.MustCompile(`<[^>]*>`)

func TestPageStructure(t *testing.T) {
	page := fullPage(t)
	if page != fullPage(t) {
		t.Error("the bytes must be a function of the page")
	}
	var outline []string
	for _, m := range regexp.MustCompile(`<(h[1-6])[^>]*>(.*?)</h`).FindAllStringSubmatch(page, -1) {
		outline = append(outline, m[1]+" "+m[2])
	}
	want := `h1 Dropout on MNIST
h2 Results
h2 Figures
h3 Validation error by epoch
h3 Training loss by epoch
h3 Test error by seed
h3 Generalization gap
h3 Confusion matrix, with dropout
h3 Calibration
h3 First-layer weights, with dropout
h3 Activations
h3 Worst mistakes, with dropout
h3 Uncertainty with dropout left on
h2 Network
h2 Hyperparameters
h2 Run it again
h2 Environment
h2 All runs`
	if got := strings.Join(outline, "\n"); got != want {
		t.Errorf("outline is\n%s\nwant\n%s", got, want)
	}
	if n := strings.Count(page, `<div role="img" aria-label="`); n != 10 || strings.Contains(page, `aria-label=""`) {
		t.Errorf("each of 10 figures must have a description, got %d", n)
	}
	text := strings.Join(strings.Fields(tags.ReplaceAllString(page, " ")), " ")
	for _, want := range []string{
		"Dropout lowered the test error from 7.23 % to 6.10 %", "7.23 ± 0.15 %", "-1.28 to -0.99",
		"Mean of 3 seeds ± standard error", "95 % confidence intervals", "784-256-256-10", "--plain-epochs 30 --seeds 3 --out runs",
		"Date 2026-01-02", "Go go1.26.0", "System linux/amd64", "Logical CPUs 2", "BLAS OpenBLAS 0.3.29",
		"with dropout 3 5.90 0.2360 1.30 120 1.5 s",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("page must say %q", want)
		}
	}
	if n := strings.Count(page, "fill:#") + strings.Count(page, "stroke:#"); n > 0 {
		t.Errorf("%d colours of drawings do not follow the page", n)
	}
	if n := strings.Count(page, "<script>"); n != 1 || !strings.Contains(page, "<script>"+string(report.PageScript())+"</script>") || !strings.Contains(page, template.HTMLEscapeString(report.PageScriptSource())) {
		t.Errorf("the page must have its own script as it is, and allow no other, got %d", n)
	}
	for _, bad := range []string{"<script ", "http://", "https://", "@import", "url(", "<link rel=\"stylesheet"} {
		if strings.Contains(strings.NewReplacer("http://www.w3.org/2000/svg", "", "http://www.w3.org/1999/xlink", "").Replace(page), bad) {
			t.Errorf("page must not ask for anything, got %s", bad)
		}
	}
}

func TestPageEscapes(t *testing.T) {
	page := strings.Replace(hostilePage(t), "<script>"+string(report.PageScript()), "", 1)
	for _, bad := range []string{"<script", "<img", "alert('x')</"} {
		if strings.Contains(page, bad) {
			t.Errorf("what users write must be text, got %s", bad)
		}
	}
}

// A page has the sections whose parts are given, no others.
func TestPageParts(t *testing.T) {
	c := comparison(runs()[:2])
	figure := figures(t)[1:2]
	for _, tt := range []struct {
		page report.Page
		want string
	}{
		{report.Page{Title: "t", Figures: figure}, "figures"},
		{report.Page{Title: "t", Comparison: &c}, "results figures runs"},
		{report.Page{Title: "t", Figures: figure, Environment: &report.Environment{}}, "figures"},
		{report.Page{Title: "t", Figures: figure, Environment: &report.Environment{Arch: "arm64"}}, "figures environment"},
		{report.Page{Title: "t", Figures: figure, Command: "go test", Settings: []report.Setting{{"a", []string{"1"}}}}, "figures settings command"},
	} {
		page := html(t, tt.page)
		var got []string
		for _, m := range regexp.MustCompile(`<h2 id="(\w+)"`).FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("sections are %s, want %s", s, tt.want)
		}
	}
	if page := html(t, report.Page{Title: "t", Comparison: &c}); !strings.Contains(page, "One seed.") || !strings.Contains(page, "needs 2 seeds") {
		t.Error("page of one seed must say so")
	}
}

// A figure that cannot be drawn does not take the page with it.
func TestPageOfNaN(t *testing.T) {
	results := runs()
	results[0].History.Test.Examples = 0
	for i := range results {
		results[i].History.Epochs[0].Loss = math.NaN()
		results[i].History.Epochs = results[i].History.Epochs[:1]
	}
	c := comparison(results)
	page := html(t, report.Page{Title: "t", Comparison: &c})
	for _, want := range []string{
		"The test error of some run is not a number", "Not drawn: report: SeedErrors: test error of without dropout with seed 1 must be finite, got",
		"Not drawn: report: LearningCurves: must have a finite training loss",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page must say %q", want)
		}
	}
}

func TestWriteHTMLErrors(t *testing.T) {
	c, none := comparison(runs()), comparison(runs()[:1])
	for _, tt := range []struct {
		page report.Page
		want string
	}{
		{report.Page{Comparison: &c}, "report: WriteHTML: page must have a title, got none"},
		{report.Page{Title: "t"}, "report: WriteHTML: page must have a comparison or a figure, got neither"},
		{report.Page{Title: "t", Comparison: &none}, `report: WriteHTML: must have a seed that "without dropout" and "with dropout" have both finished, got none`},
		{report.Page{Title: "t", Comparison: &c, Figures: []*report.Figure{nil}}, "report: WriteHTML: figure 0 must come from a function of this package"},
		{report.Page{Title: "t", Comparison: &c, Settings: []report.Setting{{Name: "a"}}}, `report: WriteHTML: setting "a" must have 1 or 2 values, got 0`},
	} {
		var b bytes.Buffer
		wantError(t, tt.page.WriteHTML(&b), tt.want)
		if b.Len() > 0 {
			t.Errorf("%s: want nothing written", tt.want)
		}
	}
	wantError(t, report.Page{Title: "t", Comparison: &c}.WriteHTML(failing{}), "report: WriteHTML: disk full")
}

func TestHere(t *testing.T) {
	if e := report.ThisMachine(); e.Go == "" || e.OS == "" || e.Arch == "" || e.CPUs < 1 || e.Date != "" || e.BLAS != "" {
		t.Errorf("environment is %+v", e)
	}
}

func ExamplePage_WriteHTML() {
	var results []experiment.Result = runs() // from experiment.Run
	environment := report.ThisMachine()
	page := report.Page{
		Title:       "Dropout on MNIST",
		Comparison:  &report.Comparison{Results: results, Without: "without dropout", With: "with dropout"},
		Settings:    []report.Setting{{Name: "drop probability", Values: []string{"0", "0.5"}}},
		Command:     "go run ./cmd/mnist --out runs",
		Environment: &environment,
	}
	var b bytes.Buffer
	if err := page.WriteHTML(&b); err != nil {
		panic(err)
	}
	b.Truncate(len("<!doctype html>"))
	b.WriteTo(os.Stdout)
	// Output: <!doctype html>
}
