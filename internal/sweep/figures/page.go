package figures

import (
	"bytes"
	"encoding/json"
	"html/template"
	"io"
	"runtime"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/report"
)

// Write writes f with its title and caption, in the format svg or png.
func (f *Figure) Write(w io.Writer, format string) error {
	return errors.Wrap(report.WriteFigure(w, report.Format(format), f.Figure), "figures: Write")
}

// contentSource is what a page says of a sweep, below its heading.
const contentSource = `{{define "content"}}<p class="finding">{{.Trials}} trials{{if .Failed}}, of which {{.Failed}} failed{{end}}. Lowest {{.Spec.Metric}}: {{.Best}}.</p>
<h2 id="best">Lowest {{.Spec.Metric}}</h2>
{{if .Rows}}<div class="scroll" tabindex="0" role="region" aria-label="Table of the best settings"><table class="sortable">
<thead><tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>
{{range .Rows}}<tr>{{range $i, $cell := .}}{{if $i}}<td>{{$cell}}</td>{{else}}<th scope="row">{{$cell}}</th>{{end}}{{end}}</tr>
{{end}}</tbody>
</table></div>
<p class="note">Interval: of the mean over seeds, by Student's t. The best of many is partly luck: repeat it with other seeds before you rely on it.</p>
{{else}}<p>No trial has ended yet.</p>
{{end}}{{if .Figures}}<h2>Figures</h2>
<div class="figures">
{{range .Figures}}<figure><h3>{{.Title}}</h3><div role="img" aria-label="{{.Alt}}">{{.SVG}}</div><figcaption>{{.Caption}}</figcaption></figure>
{{end}}</div>
{{end}}{{if .Failures}}<h2>Failures</h2><ul>{{range .Failures}}<li>{{.}}</li>{{end}}</ul>{{end}}
<h2>Spec</h2>
<pre tabindex="0" role="region" aria-label="Spec">{{.JSON}}</pre>
<p class="note">{{.System}}</p>
{{end}}`

var page = template.Must(template.New("page").Parse(contentSource + `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Sweep {{.Spec.Name}}</title>
<style>
{{.Style}}
.figures { margin-top: 1rem; }
</style>
</head>
<body>
<a class="skip" href="#best">Skip to the best settings</a>
<main>
<h1>Sweep {{.Spec.Name}}</h1>
{{template "content" .}}</main>
<script>{{.Script}}</script>
</body>
</html>
`))

type drawing struct {
	*Figure
	SVG template.HTML
}

// view is what pages are made from.
type view struct {
	Style          template.CSS
	Script         template.JS
	Spec           *sweep.Spec
	Trials, Failed int
	Best, JSON     string
	Head           []string
	Rows           [][]string
	Figures        []drawing
	Failures       []string
	System         string
}

// WriteHTML writes a page with the best settings and all figures, in a single
// file.
func WriteHTML(w io.Writer, s *sweep.Spec, results map[string]sweep.Result) error {
	return errors.WithMessage(write(w, "page", s, results), "figures: WriteHTML")
}

// WriteContent writes what [WriteHTML] writes below the heading, for a page that shows it
// while the sweep runs. There may be no results yet.
func WriteContent(w io.Writer, s *sweep.Spec, results map[string]sweep.Result) error {
	return errors.WithMessage(write(w, "content", s, results), "figures: WriteContent")
}

func write(w io.Writer, name string, s *sweep.Spec, results map[string]sweep.Result) error {
	v, err := viewOf(s, results)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, name, v); err != nil {
		return errors.WithStack(err)
	}
	_, err = b.WriteTo(w)
	return errors.WithStack(err)
}

func viewOf(s *sweep.Spec, results map[string]sweep.Result) (*view, error) {
	rows, err := sweep.Rows(s, results)
	if err != nil {
		return nil, err
	}
	figures, err := All(s, rows)
	if err != nil {
		return nil, err
	}
	spec, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, errors.WithStack(err)
	}
	v := &view{
		Style: report.PageStyle(), Script: report.PageScript(), Spec: s, Trials: len(results), JSON: string(spec), Best: "none",
		Head:   slices.Concat([]string{"rank", s.MetricName(), "95 % interval"}, s.Columns(), []string{"seeds"}),
		System: runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH,
	}
	for _, r := range rows {
		v.Failed += len(r.Failures)
		if len(v.Failures) < 20 {
			v.Failures = append(v.Failures, r.Failures...)
		}
	}
	for _, r := range s.Scaled(sweep.Furthest(s, rows)) {
		if r.Estimate.N == 0 || len(v.Rows) >= 20 {
			continue
		}
		mean := s.Number(r.Estimate.Mean)
		if len(v.Rows) == 0 {
			v.Best = s.Value(r.Estimate.Mean)
		}
		line := []string{sweep.Text(len(v.Rows) + 1), mean, s.Interval(r)}
		for _, name := range s.Columns() {
			line = append(line, sweep.Text(r.Settings[name]))
		}
		v.Rows = append(v.Rows, append(line, sweep.Text(r.Estimate.N)))
	}
	for _, f := range figures {
		svg, err := f.Inline()
		if err != nil {
			return nil, errors.WithStack(err)
		}
		v.Figures = append(v.Figures, drawing{f, template.HTML(svg)}) // text inside is escaped by the canvas
	}
	return v, nil
}
