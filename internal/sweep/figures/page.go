package figures

import (
	"bytes"
	"encoding/json"
	"html/template"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gonum.org/v1/plot/vg"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
)

// Size of figures, in points.
const (
	width  vg.Length = 480
	height vg.Length = 300
)

// Write writes the drawing of f as svg or png.
func (f *Figure) Write(w io.Writer, format string) error {
	to, err := f.Plot.WriterTo(width, height, format)
	if err == nil {
		_, err = to.WriteTo(w)
	}
	return errors.Wrap(err, "figures: Write")
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sweep {{.Spec.Name}}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } td, th { padding: .2rem .5rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums }
figure { margin: 2rem 0 } figcaption { color: #595959 } svg { width: 100%; height: auto }
.wide { overflow-x: auto } pre { background: #f4f4f4; padding: 1rem; overflow-x: auto }
</style>
<h1>Sweep {{.Spec.Name}}</h1>
<p>{{.Trials}} trials{{if .Failed}}, of which {{.Failed}} failed{{end}}. Lowest {{.Spec.Metric}}: {{.Best}}.</p>
<h2>Lowest {{.Spec.Metric}}</h2>
<div class="wide"><table>
<tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr>
{{range .Rows}}<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{end}}</table></div>
<p>Interval: of the mean over seeds, by Student's t. The best of many is partly luck: make it again with other seeds before it is relied on.</p>
{{range .Figures}}<figure role="group"><h2>{{.Title}}</h2><div role="img" aria-label="{{.Alt}}">{{.SVG}}</div><figcaption>{{.Caption}}</figcaption></figure>
{{end}}{{if .Failures}}<h2>Failures</h2><ul>{{range .Failures}}<li>{{.}}</li>{{end}}</ul>{{end}}
<h2>Spec</h2>
<pre>{{.JSON}}</pre>
<p>{{.System}}</p>
</html>
`))

type drawing struct {
	*Figure
	SVG template.HTML
}

// WriteHTML writes a page with the best settings and all figures, in one file.
func WriteHTML(w io.Writer, s *sweep.Spec, results map[string]sweep.Result) error {
	rows, err := sweep.Rows(s, results)
	if err != nil {
		return err
	}
	figures, err := All(s, rows)
	if err != nil {
		return err
	}
	spec, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return errors.Wrap(err, "figures: WriteHTML")
	}
	v := struct {
		Spec           *sweep.Spec
		Trials, Failed int
		Best, JSON     string
		Head           []string
		Rows           [][]string
		Figures        []drawing
		Failures       []string
		System         string
	}{
		Spec: s, Trials: len(results), JSON: string(spec), Best: "none",
		Head:   slices.Concat([]string{"#", s.Metric, "95 % interval"}, s.Columns(), []string{"seeds"}),
		System: runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH,
	}
	for _, r := range rows {
		v.Failed += len(r.Failures)
		if len(v.Failures) < 20 {
			v.Failures = append(v.Failures, r.Failures...)
		}
	}
	for _, r := range sweep.Furthest(s, rows) {
		if r.Estimate.N == 0 || len(v.Rows) >= 20 {
			continue
		}
		mean := sweep.Number(r.Estimate.Mean)
		if len(v.Rows) == 0 {
			v.Best = mean
		}
		line := []string{sweep.Text(len(v.Rows) + 1), mean, r.Interval()}
		for _, name := range s.Columns() {
			line = append(line, sweep.Text(r.Settings[name]))
		}
		v.Rows = append(v.Rows, append(line, sweep.Text(r.Estimate.N)))
	}
	for _, f := range figures {
		var b bytes.Buffer
		if err := f.Write(&b, "svg"); err != nil {
			return err
		}
		_, svg, _ := strings.Cut(b.String(), "<svg ")
		v.Figures = append(v.Figures, drawing{f, template.HTML("<svg " + svg)}) // text inside is escaped by the canvas
	}
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return errors.Wrap(err, "figures: WriteHTML")
	}
	_, err = b.WriteTo(w)
	return errors.Wrap(err, "figures: WriteHTML")
}
