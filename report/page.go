package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the template, the style and the script of pages
	"encoding/base64"
	"html/template"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A Page is a report as a single HTML file that needs nothing else: no network,
// and to be read no script. Its own script, the only one that it lets a browser
// run, shows values under the pointer, hides series, sorts and copies. It has a
// section for each part that is set.
type Page struct {
	Title string
	// Comparison gives the finding, the table of both arms, the learning
	// curves, the errors by seed and the generalization gaps.
	Comparison *Comparison
	// Figures are shown after those of the comparison.
	Figures []*Figure
	// Network lists the layers of the model behind the results.
	Network *models.Summary
	// Settings are the hyperparameters, in order.
	Settings []Setting
	// Command reproduces the results.
	Command string
	// Environment is where the results were produced.
	Environment *Environment
}

// A Setting is a hyperparameter.
type Setting struct {
	Name string
	// Values holds one value for both arms, or that without and that with
	// dropout.
	Values []string
}

// An Environment describes a machine and its software. Empty parts are left
// out.
type Environment struct {
	Date string // in the caller's format
	Go   string // version, such as "go1.26.0"
	OS   string
	Arch string
	CPUs int    // logical
	BLAS string // the library of matrix products
}

// ThisMachine returns the environment of this process, without Date and BLAS.
func ThisMachine() Environment {
	return Environment{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()}
}

var (
	//go:embed page.html.tmpl
	pageSource string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string

	pageTemplate = template.Must(template.New("page").Parse(pageSource))
)

// PageStyle returns the style sheet of pages, for your own pages with figures.
func PageStyle() template.CSS { return template.CSS(pageStyle) }

// PageScript returns the script of pages, for the end of your own pages: it
// serves the drawings of [Figure.Inline] and tables of the class "sortable". A
// page that replaces its drawings dispatches the event "redrawn" to the document.
func PageScript() template.JS { return template.JS(pageScript) }

// PageScriptSource returns the source expression by which a content security
// policy allows [PageScript] alone, as the only content of its element.
func PageScriptSource() string {
	sum := sha256.Sum256([]byte(pageScript))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// WriteHTML writes the page. The same page gives the same bytes. If a figure of
// the comparison cannot be drawn, for instance because an error is NaN, the
// page states the reason instead. It is an error if there is no title, if there
// is neither a comparison nor a figure, if no seed has finished both arms, or
// if a setting does not have one or two values.
func (p Page) WriteHTML(w io.Writer) error {
	v, err := p.view()
	if err != nil {
		return errors.WithMessage(err, "report: WriteHTML")
	}
	// A page that failed half-way must not look finished.
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		return errors.Wrap(err, "report: WriteHTML")
	}
	_, err = b.WriteTo(w)
	return errors.Wrap(err, "report: WriteHTML")
}

// A pageView is a page in the form that the template takes.
type pageView struct {
	Page
	Style    template.CSS
	Script   template.JS
	Allowed  string // the script, in the content security policy
	Contents []section
	Finding  string
	Head     []string
	Rows     []resultRow
	Seeds    int
	Level    float64 // in per cent
	Drawn    []figureView
	Layers   template.HTML
	Runs     []runView
	Stops    bool // whether a run was stopped
	Facts    []fact
}

// A section is a part of the page with a heading.
type section struct{ ID, Name string }

type figureView struct {
	*Figure
	SVG     template.HTML
	Missing string // why there is no SVG
}

type runView struct {
	Arm, Seed, Steps, Time, Train, Test, NLL, Stopped string
}

type fact struct{ Name, Value string }

func (p Page) view() (*pageView, error) {
	if p.Title == "" {
		return nil, errors.New("page must have a title, got none")
	}
	if p.Comparison == nil && len(p.Figures) == 0 {
		return nil, errors.New("page must have a comparison or a figure, got neither")
	}
	for _, s := range p.Settings {
		if n := len(s.Values); n != 1 && n != 2 {
			return nil, errors.Errorf("setting %q must have 1 or 2 values, got %d", s.Name, n)
		}
	}
	v := &pageView{
		Page: p, Style: PageStyle(), Script: PageScript(), Allowed: PageScriptSource(), Level: 100 * Level, Facts: p.Environment.facts(),
	}
	if p.Network != nil {
		v.Layers = template.HTML(p.Network.HTML()) // which escapes names
	}
	if p.Comparison != nil {
		if err := v.compare(*p.Comparison); err != nil {
			return nil, err
		}
	}
	for i, f := range p.Figures {
		if f == nil || f.draw == nil {
			return nil, errors.Errorf("figure %d must come from a function of this package, got an empty one", i)
		}
		if err := v.add(f); err != nil {
			return nil, err
		}
	}
	v.Contents = v.sections()
	return v, nil
}

// sections returns the parts that the page has.
func (v *pageView) sections() []section {
	var all []section
	for _, s := range []struct {
		section
		there bool
	}{
		{section{"results", "Results"}, v.Rows != nil}, {section{"figures", "Figures"}, true}, {section{"network", "Network"}, v.Layers != ""},
		{section{"settings", "Hyperparameters"}, v.Settings != nil}, {section{"command", "Run it again"}, v.Command != ""},
		{section{"environment", "Environment"}, v.Facts != nil}, {section{"runs", "All runs"}, v.Runs != nil},
	} {
		if s.there {
			all = append(all, s.section)
		}
	}
	return all
}

// compare fills in the comparison's parts.
func (v *pageView) compare(c Comparison) error {
	pairs, err := c.pairs()
	if err != nil {
		return err
	}
	v.Finding, v.Seeds = c.Finding(), len(pairs)/2
	v.Head, v.Rows = c.results(pairs)
	for _, draw := range []struct {
		title string
		of    func() (*Figure, error)
	}{
		{"Error by epoch", func() (*Figure, error) { return ErrorCurves(pairs, c.Without, c.With) }},
		{"Training loss by epoch", func() (*Figure, error) { return LearningCurves(pairs, TrainLoss, c.Without, c.With) }},
		{"Test error by seed", c.SeedErrors},
		{"Generalization gap", c.Gaps},
	} {
		f, err := draw.of()
		if err != nil {
			v.Drawn = append(v.Drawn, figureView{Figure: &Figure{Title: draw.title}, Missing: err.Error()})
			continue
		}
		if err := v.add(f); err != nil {
			return err
		}
	}
	for _, r := range pairs {
		v.Runs = append(v.Runs, runOf(r))
		v.Stops = v.Stops || r.History.Stopped != ""
	}
	return nil
}

// CommandParts returns the command in pieces that lines are not broken in: its name,
// and each flag with its value.
func (v *pageView) CommandParts() []string {
	parts := strings.Split(v.Command, " --")
	for i := 1; i < len(parts); i++ {
		parts[i] = "--" + parts[i]
	}
	return parts
}

func (v *pageView) add(f *Figure) error {
	svg, err := f.Inline()
	if err != nil {
		return err
	}
	// Text inside is escaped by the canvas.
	v.Drawn = append(v.Drawn, figureView{Figure: f, SVG: template.HTML(svg)})
	return nil
}

func runOf(r experiment.Result) runView {
	h := r.History
	return runView{
		Arm: r.Arm, Seed: strconv.FormatUint(r.Seed, 10), Steps: strconv.FormatInt(h.Steps, 10),
		Time:    strconv.FormatFloat(h.Time.Seconds(), 'f', 1, 64) + " s",
		Train:   number(experiment.TrainError.Of(r), experiment.TrainError, "%.*f"),
		Test:    number(experiment.TestError.Of(r), experiment.TestError, "%.*f"),
		NLL:     number(experiment.TestNLL.Of(r), experiment.TestNLL, "%.*f"),
		Stopped: h.Stopped,
	}
}

// facts returns the parts of e that are set.
func (e *Environment) facts() []fact {
	if e == nil {
		return nil
	}
	cpus := ""
	if e.CPUs > 0 {
		cpus = strconv.Itoa(e.CPUs)
	}
	system := e.OS
	if e.OS != "" && e.Arch != "" {
		system += "/"
	}
	return slices.DeleteFunc([]fact{
		{"Date", e.Date}, {"Go", e.Go}, {"System", system + e.Arch}, {"Logical CPUs", cpus}, {"BLAS", e.BLAS},
	}, func(f fact) bool { return f.Value == "" })
}
