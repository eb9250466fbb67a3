package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// percent reports whether readers see the metric in per cent: errors are shares.
func (s *Spec) percent() bool { return s.Metric == "error" || strings.HasSuffix(s.Metric, "_error") }

// MetricName returns the metric's name for a reader, with its unit.
func (s *Spec) MetricName() string {
	if s.percent() {
		return s.Metric + " (%)"
	}
	return s.Metric
}

// Scaled returns the rows with the metric in the unit of [Spec.MetricName].
func (s *Spec) Scaled(rows []Row) []Row {
	if !s.percent() {
		return rows
	}
	rows = slices.Clone(rows)
	for i, r := range rows {
		r.Values = slices.Clone(r.Values)
		for k := range r.Values {
			r.Values[k] *= 100
		}
		r.Estimate.Mean *= 100
		r.Estimate.StdErr *= 100
		rows[i] = r
	}
	return rows
}

// Number formats a scaled metric for a reader, without its unit.
func (s *Spec) Number(v float64) string {
	if s.percent() {
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

// Value formats a scaled metric for a reader, with its unit.
func (s *Spec) Value(v float64) string {
	if s.percent() {
		return s.Number(v) + " %"
	}
	return s.Number(v)
}

// Interval formats the 95 % confidence interval of a scaled row's mean for a
// reader.
func (s *Spec) Interval(r Row) string {
	if r.Estimate.N < 2 {
		return "-"
	}
	low, high := s.Possible(r.Estimate.Interval(0.95))
	return fmt.Sprintf("[%s, %s]", s.Number(low), s.Number(high))
}

// Possible returns the part of an interval in which a scaled metric can be: no share is
// more than 100 %, and what we measure is never negative, which is not known of what a
// command does.
func (s *Spec) Possible(low, high float64) (float64, float64) {
	if s.percent() {
		high = min(100, high)
	} else if s.Command != nil {
		return low, high
	}
	return max(0, low), high
}
