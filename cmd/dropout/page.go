package main

import (
	"bytes"
	"context"
	_ "embed" // for the template of the page
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gorgonia-dropout/dropout/internal/blas"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/internal/shell"
	"github.com/gorgonia-dropout/dropout/report"
)

var (
	//go:embed page.html.tmpl
	pageSource   string
	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"line": plaintext.Line}).Parse(pageSource))
)

// A page is the report of a run.
type page struct {
	Title     string
	Style     template.CSS
	Finding   []string
	Results   htmlTable
	Note      string
	Figures   []figure
	DataNotes []string
	Columns   htmlTable
	Worst     htmlTable
	Pictures  []picture // that were predicted worst
	WorstNote string
	Settings  htmlTable
	Kept      string
	Method    string
	Command   []string // its name, and each flag with its value
	Facts     [][2]string
}

type figure struct {
	Title, Caption, Alt string
	SVG                 template.HTML
}

// An htmlTable has the place of the column that is text and that of one that is words, 0
// for none.
type htmlTable struct {
	Label      string
	Head       []string
	Rows       [][]string
	Text, Word int
}

// Class returns the class of the cells of a column.
func (t htmlTable) Class(column int) string {
	switch {
	case column == 0:
		return ""
	case column == t.Text:
		return "text"
	case column == t.Word:
		return "word"
	}
	return ""
}

// writePage writes the report of a run.
func (r *run) writePage(ctx context.Context, e *compare.Experiment, o *compare.Outcome, kept string) error {
	w := r.wording()
	importances, err := e.Importances(ctx, o, e.Better())
	if err != nil {
		return err
	}
	results := resultRows(o, w)
	p := page{
		Title: "Does dropout help on " + plaintext.Line(filepath.Base(r.state.Settings.Data)) + "?", Style: report.PageStyle(),
		Finding: o.Finding(w), Results: htmlTable{Label: "Table of results", Head: results[0], Rows: results[1:]},
		Note: resultNote(o), DataNotes: r.notes, Settings: settingsTable(o), Kept: kept, Method: strings.TrimPrefix(r.describe(e), "Method: "), Command: r.command(o),
	}
	for _, f := range figures(e, o, w, importances) {
		svg, err := f.Inline()
		if err != nil {
			return err
		}
		// Text inside is escaped by the canvas.
		p.Figures = append(p.Figures, figure{f.Title, f.Caption, f.Alt, template.HTML(svg)})
	}
	if r.plan != nil {
		p.Columns = htmlTable{Label: "Table of columns", Head: []string{"column", "used as", "missing", "what was found, and what is done"}, Text: 3, Word: 1}
		for _, row := range planRows(r.plan, r.table.Len()) {
			p.Columns.Rows = append(p.Columns.Rows, []string{row.Name, row.Use, row.Missing, row.Note})
		}
		p.Worst, p.WorstNote = r.worst(o, string(e.Better()))
	}
	if r.Kind() == compare.Text {
		passages, err := e.Passages(ctx, o, e.Better(), mostWorst)
		if err != nil {
			return err
		}
		p.Worst, p.WorstNote = worstPassages(passages, string(e.Better()))
	}
	if images, ok := r.Subject.(*compare.Images); ok {
		if p.Pictures, p.WorstNote, err = r.worstPictures(images, o, string(e.Better())); err != nil {
			return err
		}
	}
	m := report.ThisMachine()
	p.Facts = [][2]string{
		{"Date", time.Now().Format("2 January 2006, 15:04 MST")}, {"Time", r.state.Spent.Round(time.Second).String()}, {"Go", m.Go}, {"System", m.OS + "/" + m.Arch},
		{"Logical CPUs", strconv.Itoa(m.CPUs)}, {"BLAS", strings.TrimPrefix(blas.Find().Describe(), "BLAS: ")}, {"Data, SHA-256", r.state.Digest},
	}
	// A page that failed half-way must not look finished.
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return err
	}
	return r.dir.write(reportFile, func(to io.Writer) error {
		_, err := b.WriteTo(to)
		return err
	})
}

// command reproduces the results of a run. Each part is for the shell.
func (r *run) command(o *compare.Outcome) []string {
	s := r.state.Settings
	parts := []string{shell.Quote("dropout", "compare", s.Data)}
	add := func(flag, value string) { parts = append(parts, shell.Quote(flag, value)) }
	add("--rounds", strconv.Itoa(o.Rounds))
	add("--repeats", strconv.Itoa(max(1, r.state.Repeats)))
	add("--seed", strconv.FormatUint(s.Seed, 10))
	if r.plan != nil {
		add("--plan", r.dir.path(planFile))
	}
	for _, f := range []struct{ name, value string }{{"--header", s.Header}, {"--comma", s.Comma}} {
		if f.value != "" {
			add(f.name, f.value)
		}
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"--folds", s.Folds}, {"--epochs", r.state.Length.Epochs}, {"--batch", r.state.Length.Batch}, {"--size", r.only(s.Size, compare.Classes)}, {"--images", r.only(s.Images, compare.Classes)}, {"--characters", r.only(s.Characters, compare.Text)}} {
		if f.value != 0 {
			add(f.name, strconv.Itoa(f.value))
		}
	}
	return parts
}

// only returns a setting of images or text where it matters.
func (r *run) only(n int, k compare.Kind) int {
	if r.table != nil || r.Kind() != k {
		return 0
	}
	return n
}

// settingsTable lists what was chosen in each split.
func settingsTable(o *compare.Outcome) htmlTable {
	t := htmlTable{Label: "Table of settings", Head: []string{"split, arm", "hidden units", "p hidden", "p input", "learning rate", "weight decay", "epochs", "validation score"}}
	for _, c := range o.Chosen {
		var hidden []string
		for _, n := range c.Settings.Hidden {
			hidden = append(hidden, strconv.Itoa(n))
		}
		g := func(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }
		t.Rows = append(t.Rows, []string{fmt.Sprintf("%d, %s", c.Split, c.Arm), strings.Join(hidden, "-"), g(c.Settings.HiddenP), g(c.Settings.InputP),
			g(c.Settings.LR), g(c.Settings.WeightDecay), strconv.Itoa(c.Epochs), g(c.Score)})
	}
	return t
}
