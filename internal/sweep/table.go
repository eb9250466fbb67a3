package sweep

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// A Row is a configuration with its results over all seeds.
type Row struct {
	Settings map[string]any // those tried, and the resource of halving
	Estimate experiment.Estimate
	Values   []float64 // of the metric
	Failures []string
}

// Columns returns the settings that rows have, in order.
func (s *Spec) Columns() []string {
	names := s.Names()
	if s.Halving != nil {
		names = append(names, s.Halving.Resource)
	}
	return names
}

// Rows returns the configurations with their metrics: the lowest mean first,
// those with a failure last.
func Rows(s *Spec, results map[string]Result) ([]Row, error) {
	byConfig := make(map[string]*Row)
	var keys []string
	for _, id := range slices.Sorted(maps.Keys(results)) {
		r := results[id]
		var config map[string]any
		if err := json.Unmarshal(r.Config, &config); err != nil {
			return nil, errors.Wrapf(err, "sweep: Rows: %s", id)
		}
		settings := make(map[string]any)
		for _, name := range s.Columns() {
			settings[name] = config[name]
		}
		data, err := json.Marshal(settings)
		if err != nil {
			return nil, errors.Wrap(err, "sweep: Rows")
		}
		row := byConfig[string(data)]
		if row == nil {
			row = &Row{Settings: settings}
			byConfig[string(data)] = row
			keys = append(keys, string(data))
		}
		if v, ok := r.Metrics[s.Metric]; ok {
			row.Values = append(row.Values, v)
			continue
		}
		failure := r.Failure
		if failure == "" { // from a worker that measures something else
			failure = fmt.Sprintf("metric must be %s, got %q", s.Metric, slices.Sorted(maps.Keys(r.Metrics)))
		}
		row.Failures = append(row.Failures, failure)
	}
	slices.Sort(keys)
	var rows []Row
	for _, key := range keys {
		row := byConfig[key]
		row.Estimate = experiment.Estimate{Mean: math.Inf(1), StdErr: math.NaN()}
		if len(row.Values) > 0 {
			row.Estimate = experiment.Estimated(row.Values)
		}
		rows = append(rows, *row)
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(len(a.Failures), len(b.Failures)), cmp.Compare(a.Estimate.Mean, b.Estimate.Mean))
	})
	return rows, nil
}

// Furthest returns, if halving has raised configurations, the rows with the
// most of its resource: each configuration once.
func Furthest(s *Spec, rows []Row) []Row {
	if s.Halving == nil {
		return rows
	}
	key := func(r Row) string {
		var b strings.Builder
		for _, name := range s.Names() {
			fmt.Fprintf(&b, "%q", Text(r.Settings[name]))
		}
		return b.String()
	}
	resource := func(r Row) float64 { v, _ := r.Settings[s.Halving.Resource].(float64); return v }
	most := make(map[string]float64)
	for _, r := range rows {
		most[key(r)] = max(most[key(r)], resource(r))
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return resource(r) < most[key(r)] })
}

// Text formats a setting for a reader so that it can be typed again.
func Text(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return plaintext.Line(v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return plaintext.Line(fmt.Sprint(v))
	}
	return plaintext.Line(string(data))
}

// cell returns text as a cell of a CSV table, without what a spreadsheet would
// take for a formula.
func cell(text string) string {
	if text == "" || !strings.ContainsRune("=+-@", rune(text[0])) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text
	}
	return "'" + text
}

// WriteTable writes the best configurations, at most limit of them.
func WriteTable(w io.Writer, s *Spec, results map[string]Result, limit int) error {
	rows, err := Rows(s, results)
	if err != nil {
		return err
	}
	rows = s.Scaled(Furthest(s, rows))
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	for _, name := range s.Columns() {
		fmt.Fprintf(t, "%s\t", name)
	}
	fmt.Fprintf(t, "%s\t95 %% interval\tseeds\t\n", s.MetricName())
	for _, r := range rows[:min(limit, len(rows))] {
		for _, name := range s.Columns() {
			fmt.Fprintf(t, "%s\t", Text(r.Settings[name]))
		}
		if r.Estimate.N == 0 {
			fmt.Fprint(t, "failed\t-\t0\t\n")
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t\n", s.Number(r.Estimate.Mean), s.Interval(r), r.Estimate.N)
	}
	return errors.Wrap(t.Flush(), "sweep: WriteTable")
}

// inOrder returns results in a fixed order.
func inOrder(results map[string]Result) []Result {
	var all []Result
	for _, id := range slices.Sorted(maps.Keys(results)) {
		all = append(all, results[id])
	}
	return all
}

// WriteJSON writes the spec and all results.
func WriteJSON(w io.Writer, s *Spec, results map[string]Result) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return errors.Wrap(e.Encode(struct {
		Spec    *Spec    `json:"spec"`
		Results []Result `json:"results"`
	}{s, inOrder(results)}), "sweep: WriteJSON")
}

// WriteCSV writes a line for each trial: the settings tried, the seed, and all
// metrics.
func WriteCSV(w io.Writer, s *Spec, results map[string]Result) error {
	metrics := make(map[string]bool)
	for _, r := range results {
		for name := range r.Metrics {
			metrics[name] = true
		}
	}
	names := append(s.Columns(), "seed")
	measured := slices.Sorted(maps.Keys(metrics))
	c := csv.NewWriter(w)
	write := func(line []string) {
		for i := range line {
			line[i] = cell(plaintext.Line(line[i]))
		}
		c.Write(line) // its error is that of c
	}
	write(slices.Concat([]string{"id"}, names, measured, []string{"failure", "seconds", "worker"}))
	for _, r := range inOrder(results) {
		var config map[string]any
		if err := json.Unmarshal(r.Config, &config); err != nil {
			return errors.Wrapf(err, "sweep: WriteCSV: %s", r.ID)
		}
		line := []string{r.ID}
		for _, name := range names {
			line = append(line, Text(config[name]))
		}
		for _, name := range measured {
			text := ""
			if v, ok := r.Metrics[name]; ok {
				text = strconv.FormatFloat(v, 'g', -1, 64)
			}
			line = append(line, text)
		}
		write(append(line, r.Failure, strconv.FormatFloat(r.Seconds, 'f', 3, 64), r.Worker))
	}
	c.Flush()
	return errors.Wrap(c.Error(), "sweep: WriteCSV")
}
