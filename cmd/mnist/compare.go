package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// comparison is what eval says of several runs.
type comparison struct {
	Evaluations []evaluation       `json:"evaluations"`
	Settings    []differing        `json:"differing_settings"`
	Differences []pairedDifference `json:"differences"`
}

// differing is a setting that is not the same in all runs, with its values in
// their order: one for both arms, or that without and that with dropout.
type differing struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// pairedDifference is how much the error of an arm of a run differs from that of the
// first run, over the seeds that both have.
type pairedDifference struct {
	Run    runDir              `json:"run"`
	Arm    string              `json:"arm"`
	Passes int                 `json:"passes"`
	Error  experiment.Estimate `json:"error"`
}

// compare writes the models' scores, the settings that differ, and the paired
// differences of errors to those of the first run.
func (c *evalCmd) compare(to *cmdline.Console, runs []*settings, all []evaluation) error {
	for i, s := range runs[1:] {
		if s.Data != runs[0].Data || s.Validation != runs[0].Validation {
			to.Logf("%s and %s are tested on other images: their difference is not one of the networks alone", c.Dirs[0], c.Dirs[i+1])
		}
	}
	settings, err := differingSettings(runs)
	if err != nil {
		return err
	}
	got := comparison{all, settings, differences(c.Dirs, all)}
	if to.JSON {
		return json.NewEncoder(to.Out).Encode(got)
	}
	for _, d := range c.Dirs {
		fmt.Fprintf(to.Out, "%s\n", d)
		own := slices.DeleteFunc(slices.Clone(all), func(e evaluation) bool { return e.Run != d })
		if err := writeEvaluations(to.Out, own); err != nil {
			return err
		}
		fmt.Fprintln(to.Out)
	}
	return got.write(to.Out, c.Dirs)
}

// write writes what differs.
func (c *comparison) write(w io.Writer, dirs []runDir) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprint(t, "setting")
	for _, d := range dirs {
		fmt.Fprintf(t, "\t%s", d)
	}
	fmt.Fprintln(t)
	for _, s := range c.Settings {
		fmt.Fprintf(t, "%s\t%s\n", s.Name, strings.Join(s.Values, "\t"))
	}
	if len(c.Settings) == 0 {
		fmt.Fprintln(t, "none differs")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nDifference of the error to %s in percentage points, over common seeds, with its 95 %% interval:\n", dirs[0])
	t = tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, d := range c.Differences {
		arm := d.Arm
		if d.Passes > 0 {
			arm += fmt.Sprintf(", %d passes", d.Passes)
		}
		interval := "one seed"
		if d.Error.N > 1 {
			low, high := d.Error.Interval(0.95)
			interval = fmt.Sprintf("%+.2f to %+.2f, %d seeds", 100*low, 100*high, d.Error.N)
		}
		fmt.Fprintf(t, "%s\t%s\t%+.2f\t(%s)\n", d.Run, arm, 100*d.Error.Mean, interval)
	}
	if len(c.Differences) == 0 {
		fmt.Fprintln(t, "no common seed")
	}
	return t.Flush()
}

// differingSettings returns the settings that are not the same in all runs.
func differingSettings(runs []*settings) ([]differing, error) {
	var rows [][]report.Setting
	for _, s := range runs {
		r, err := s.rows()
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	var all []differing
	for i, first := range rows[0] {
		d := differing{Name: first.Name}
		same := true
		for _, r := range rows {
			d.Values = append(d.Values, strings.Join(r[i].Values, " / "))
			same = same && reflect.DeepEqual(r[i], first)
		}
		if !same {
			all = append(all, d)
		}
	}
	return all, nil
}

// differences returns the paired differences to the first run.
func differences(dirs []runDir, all []evaluation) []pairedDifference {
	type key struct {
		arm    string
		passes int
	}
	type place struct {
		run runDir
		key
		seed uint64
	}
	wrong := make(map[place]float64)
	var keys []key
	for _, e := range all {
		k := key{e.Arm, e.Passes}
		wrong[place{e.Run, k, e.Seed}] = 1 - e.Scores.Accuracy
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	var found []pairedDifference
	for _, d := range dirs[1:] {
		for _, k := range keys {
			var diffs []float64
			for _, e := range all {
				if first, ok := wrong[place{dirs[0], k, e.Seed}]; ok && e.Run == d && (key{e.Arm, e.Passes}) == k {
					diffs = append(diffs, 1-e.Scores.Accuracy-first)
				}
			}
			if len(diffs) > 0 {
				found = append(found, pairedDifference{d, k.arm, k.passes, experiment.Estimated(diffs)})
			}
		}
	}
	return found
}

// writeCurves draws the learning curves of runs over one another.
func writeCurves(path string, dirs []runDir) error {
	var all []experiment.Result
	var arms []string
	for _, d := range dirs {
		results, err := d.results()
		if err != nil {
			return err
		}
		for _, r := range results {
			if len(dirs) > 1 {
				r.Arm = filepath.Base(string(d)) + ": " + r.Arm
			}
			if !slices.Contains(arms, r.Arm) {
				arms = append(arms, r.Arm)
			}
			all = append(all, r)
		}
	}
	format := report.Format(strings.TrimPrefix(filepath.Ext(path), "."))
	err := atomicfile.Write(path, func(w io.Writer) error { return report.WriteCurves(w, format, all, arms...) })
	return errors.Wrap(err, "--curves")
}
