package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/blas"
)

// predictCmd predicts the rows of a table, images, or the characters of a text.
type predictCmd struct {
	Dir         runDir   `arg:"" type:"existingdir" help:"Directory of a run."`
	New         []string `arg:"" type:"path" help:"Table with the columns that the run has learned from; images, or folders of them; or texts."`
	Out         string   `short:"o" type:"path" help:"File for the predictions, as a table; by default they are printed." placeholder:"FILE"`
	Passes      int      `default:"0" help:"Passes of Monte Carlo dropout; 0: 10 to 50, by the number of rows."`
	Header      string   `enum:",yes,no" default:"" help:"Whether the first line of a table has the names of the columns: yes or no. Recognized by default."`
	Comma       string   `help:"What is between the columns of a table, such as ';' or tab. Recognized by default." placeholder:"CHAR"`
	Continue    int      `default:"0" help:"Write so many more characters after a text instead." placeholder:"N"`
	Temperature float64  `default:"1" help:"With --continue: below 1 prefers what is likely."`
	Seed        uint64   `default:"1" help:"With --continue: seed of what is drawn."`
}

// mostContinued is the number of characters that are written after a text, at most.
const mostContinued = 100_000

// Validate is called by kong.
func (c *predictCmd) Validate() error {
	switch {
	case c.Passes < 0:
		return errors.Errorf("--passes must not be negative, got %d", c.Passes)
	case c.Continue < 0 || c.Continue > mostContinued:
		return errors.Errorf("--continue must be in [1, %d], got %d", mostContinued, c.Continue)
	case !(c.Temperature > 0) || c.Temperature > 100:
		return errors.Errorf("--temperature must be in (0, 100], got %v", c.Temperature)
	}
	return nil
}

// final returns the model that a run has kept.
func (d runDir) final() (*compare.Final, error) {
	f := new(compare.Final)
	if err := d.readJSON(aboutFile, f); err != nil {
		return nil, errors.WithMessagef(err, "%s must have a model", d)
	}
	if err := d.checkSum(modelFile); err != nil {
		return nil, err
	}
	return f, f.Load(d.path(modelFile))
}

// Run is called by kong.
func (c *predictCmd) Run(ctx context.Context, to *cmdline.Console) error {
	blas.Use(1)
	f, err := c.Dir.final()
	if err != nil {
		return err
	}
	if c.Continue > 0 && f.Kind != compare.Text {
		return cmdline.Usagef("--continue must be left out, since %s is not a run on a text", c.Dir)
	}
	switch {
	case f.Encoder != nil:
		return c.table(ctx, to, f)
	case f.Picture != nil:
		return c.images(ctx, to, f)
	}
	return c.text(ctx, to, f)
}

// table predicts the rows of a table.
func (c *predictCmd) table(ctx context.Context, to *cmdline.Console, f *compare.Final) error {
	if len(c.New) != 1 {
		return cmdline.Usagef("%s is a run on a table: one table must be given, got %d", c.Dir, len(c.New))
	}
	format, err := (&settings{Header: c.Header, Comma: c.Comma}).format()
	if err != nil {
		return cmdline.Usage(err)
	}
	t, err := tabular.Open(c.New[0], format)
	if err != nil {
		return err
	}
	added, notes, err := predictTable(ctx, f, t, c.Passes)
	if err != nil {
		return errors.WithMessagef(err, "%q", c.New[0])
	}
	return c.write(to, t, added, notes)
}

// write writes predictions, after the columns of a table if there is one.
func (c *predictCmd) write(to *cmdline.Console, t *tabular.Table, added []answerColumn, notes []string) error {
	for _, note := range notes {
		to.Logf("%s", note)
	}
	write := func(w io.Writer) error {
		if to.JSON {
			return writeObjects(w, added)
		}
		return writeRows(w, t, added, c.Out == "" && to.Terminal())
	}
	if c.Out == "" {
		return write(to.Out)
	}
	return atomicfile.Write(c.Out, write)
}

// An answerColumn is a column of predictions.
type answerColumn struct {
	Name   string
	Values []any // text or numbers
}

// predictTable predicts the rows of a table: what to add to it, and notes on what does not
// quite fit.
func predictTable(ctx context.Context, f *compare.Final, t *tabular.Table, passes int) ([]answerColumn, []string, error) {
	notes, err := f.Encoder.Fits(t)
	if err != nil {
		return nil, nil, err
	}
	rows := make([]int, t.Len())
	for i := range rows {
		rows[i] = i
	}
	x, err := f.Encoder.Encode(t, rows)
	if err != nil {
		return nil, nil, err
	}
	if passes == 0 {
		passes = compare.PassesFor(len(rows))
	}
	// What there is to predict is unknown; a data set has something in its place.
	data := &training.Examples{Shape: []int{f.Encoder.Inputs()}, X: x}
	if f.Kind == compare.Classes {
		data.Y = make([]int, len(rows))
	} else {
		data.TargetShape, data.Targets = []int{f.Outputs}, make([]float32, len(rows)*f.Outputs)
	}
	p, err := f.Network(passes).Predict(ctx, data)
	if err != nil {
		return nil, nil, err
	}
	return answers(f, p), notes, nil
}

// answers returns the columns of predictions.
func answers(f *compare.Final, p *compare.Predictions) []answerColumn {
	var all []answerColumn
	column := func(name string, n int, value func(i int) any) {
		c := answerColumn{Name: name, Values: make([]any, n)}
		for i := range c.Values {
			c.Values[i] = value(i)
		}
		all = append(all, c)
	}
	switch f.Kind {
	case compare.Classes:
		n := len(p.Probabilities)
		best := make([]int, n)
		for i, q := range p.Probabilities {
			best[i] = slices.Index(q, slices.Max(q))
		}
		column("prediction", n, func(i int) any { return f.Names[best[i]] })
		column("probability", n, func(i int) any { return decimals(p.Probabilities[i][best[i]]) })
		column("model_uncertainty", n, func(i int) any { return decimals(p.Disagreement[i]) })
		return all
	case compare.Labels:
		for k, name := range f.Names {
			column("probability of "+name, len(p.Probabilities), func(i int) any { return decimals(p.Probabilities[i][k]) })
		}
		return all
	}
	// Half the width of an interval of a normal distribution.
	half := math.Sqrt2 * math.Erfinv(compare.Level)
	for k, name := range f.Names {
		end := ""
		if len(f.Names) > 1 {
			end = " of " + name
		}
		n := len(p.Values)
		spread := func(i int) float64 { return half * math.Sqrt(p.Values[i].Variance[k]+p.Noise[i][k]) }
		column("prediction"+end, n, func(i int) any { return digits(p.Values[i].Mean[k], 6) })
		column("low"+end, n, func(i int) any { return digits(p.Values[i].Mean[k]-spread(i), 6) })
		column("high"+end, n, func(i int) any { return digits(p.Values[i].Mean[k]+spread(i), 6) })
		column("model_uncertainty"+end, n, func(i int) any { return digits(math.Sqrt(p.Values[i].Variance[k]), 3) })
	}
	return all
}

// decimals rounds a probability or an entropy.
func decimals(x float64) float64 { return math.Round(1e4*x) / 1e4 }

// digits rounds a number to a number of digits.
func digits(x float64, n int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', n, 64), 64)
	if err != nil {
		return x
	}
	return r
}

func text(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// writeRows writes the table with the columns added to it, as it is or for a terminal,
// which would obey what is in it.
func writeRows(w io.Writer, t *tabular.Table, added []answerColumn, terminal bool) error {
	out := csv.NewWriter(w)
	put := func(record []string) error {
		for i := range record {
			if terminal {
				record[i] = plaintext.Line(record[i])
			}
		}
		return out.Write(record)
	}
	record := slices.Clone(t.Names)
	for _, c := range added {
		name := c.Name
		for n := 2; slices.Contains(t.Names, name); n++ {
			name = c.Name + " (" + strconv.Itoa(n) + ")"
		}
		record = append(record, name)
	}
	if err := put(record); err != nil {
		return err
	}
	for r := range added[0].Values {
		record = record[:0]
		for _, values := range t.Values {
			record = append(record, values[r])
		}
		for _, c := range added {
			record = append(record, text(c.Values[r]))
		}
		if err := put(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeObjects writes an object for each row.
func writeObjects(w io.Writer, added []answerColumn) error {
	rows := make([]map[string]any, len(added[0].Values))
	for i := range rows {
		rows[i] = make(map[string]any)
		for _, c := range added {
			rows[i][c.Name] = c.Values[i]
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(rows)
}
