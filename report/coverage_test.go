package report_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
)

func TestCoverage(t *testing.T) {
	f, err := report.Coverage(
		report.Covered{Name: "calibrated", Levels: []float64{0.2, 0.5, 0.9}, Shares: []float64{0.2, 0.5, 0.9}},
		report.Covered{Name: "too sure", Levels: []float64{0.5, 0.9}, Shares: []float64{0.3, 0.8}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(f.Caption, "Mean distance from the diagonal: 0.0 % calibrated; 15.0 % too sure.") {
		t.Errorf("caption is %q", f.Caption)
	}
	var b bytes.Buffer
	if err := report.WriteFigure(&b, report.SVG, f); err != nil || !strings.Contains(b.String(), "too sure") {
		t.Errorf("the names must be shown: %v", err)
	}
}

func TestCoverageRejects(t *testing.T) {
	for _, tt := range []struct {
		of   report.Covered
		want string
	}{
		{report.Covered{Name: "a"}, `must have levels and a share for each, got 0 and 0`},
		{report.Covered{Name: "a", Levels: []float64{0.5}}, `must have levels and a share for each, got 1 and 0`},
		{report.Covered{Name: "a", Levels: []float64{0.5, 0.5}, Shares: []float64{0, 1}}, `levels must ascend in (0, 1), got 0.5 after 0.5`},
		{report.Covered{Name: "a", Levels: []float64{1}, Shares: []float64{1}}, `levels must ascend in (0, 1), got 1 after 0`},
		{report.Covered{Name: "a", Levels: []float64{0.5}, Shares: []float64{math.NaN()}}, `shares must be in [0, 1], got NaN`},
	} {
		if _, err := report.Coverage(tt.of); err == nil || !strings.HasPrefix(err.Error(), "report: Coverage: ") || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("want error %q, got %v", tt.want, err)
		}
	}
	if _, err := report.Coverage(); err == nil {
		t.Error("no model must be an error")
	}
}
