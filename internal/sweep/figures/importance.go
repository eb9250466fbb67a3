package figures

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/sweep"
	"github.com/gorgonia-dropout/dropout/report"
)

// fewest is how many configurations the importance of settings needs.
const fewest = 6

// An influence is how much of the variation between configurations a setting
// explains by itself, from 0 to 1.
type influence struct {
	name  string
	share float64
}

// influences returns the settings, the most important first. The share is epsilon
// squared of an analysis of variance with the setting's values, or parts of its
// range, as groups: what chance alone would explain is subtracted (Kelley, "An unbiased
// correlation ratio measure", 1935).
func influences(s *sweep.Spec, rows []sweep.Row) []influence {
	var all []influence
	mean, total := 0.0, 0.0
	for _, r := range rows {
		mean += r.Estimate.Mean / float64(len(rows))
	}
	for _, r := range rows {
		total += (r.Estimate.Mean - mean) * (r.Estimate.Mean - mean)
	}
	for _, name := range s.Names() { // of the resource of halving the best have most
		groups := grouped(rows, name)
		within := 0.0
		for _, g := range groups {
			center := 0.0
			for _, v := range g {
				center += v / float64(len(g))
			}
			for _, v := range g {
				within += (v - center) * (v - center)
			}
		}
		share := 0.0
		if free := len(rows) - len(groups); free > 0 && total > 0 {
			share = max(0, (total-within-float64(len(groups)-1)*within/float64(free))/total)
		}
		all = append(all, influence{name, share})
	}
	slices.SortStableFunc(all, func(a, b influence) int { return cmp.Compare(b.share, a.share) })
	return all
}

// grouped returns the means of the rows by the value of a setting or, if it has
// many, by parts of its range with as many rows each.
func grouped(rows []sweep.Row, name string) [][]float64 {
	byValue := make(map[string][]float64)
	var values []string
	numbers := true
	for _, r := range rows {
		text := sweep.Text(r.Settings[name])
		if byValue[text] == nil {
			values = append(values, text)
		}
		byValue[text] = append(byValue[text], r.Estimate.Mean)
		_, ok := r.Settings[name].(float64)
		numbers = numbers && ok
	}
	var groups [][]float64
	if parts := max(2, min(6, len(rows)/4)); numbers && len(values) > parts {
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b sweep.Row) int {
			return cmp.Compare(a.Settings[name].(float64), b.Settings[name].(float64))
		})
		for i := range parts {
			var g []float64
			for _, r := range rows[i*len(rows)/parts : (i+1)*len(rows)/parts] {
				g = append(g, r.Estimate.Mean)
			}
			groups = append(groups, g)
		}
		return groups
	}
	for _, v := range values {
		groups = append(groups, byValue[v])
	}
	return groups
}

// importance draws how much of the variation each setting explains.
func importance(s *sweep.Spec, rows []sweep.Row) (*Figure, error) {
	c := report.RowChart{
		Title: "Importance of settings", X: "explained by it alone (%)",
		Caption: fmt.Sprintf("How much of the differences in %s between %d configurations a setting explains by itself, beyond chance (epsilon squared). The rest is how settings work together, and chance.", s.Metric, len(rows)),
		Alt:     fmt.Sprintf("Share of the differences in %s that each setting explains by itself:", s.Metric),
	}
	for i, in := range influences(s, rows) {
		c.Rows = append(c.Rows, in.name)
		c.Marks = append(c.Marks, report.Mark{Row: i, Value: 100 * in.share, Color: 1, Large: true, Bar: true, High: 100 * in.share})
		c.Alt += fmt.Sprintf(" %s %.0f %%,", in.name, 100*in.share)
	}
	c.Alt = c.Alt[:len(c.Alt)-1] + "."
	f, err := c.Figure()
	return &Figure{"importance", f}, errors.WithMessage(err, "figures: importance")
}
