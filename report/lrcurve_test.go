package report_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
	"github.com/gorgonia-dropout/dropout/training"
)

func TestLRCurve(t *testing.T) {
	c := new(training.LRCurve)
	for i := range 40 {
		x := float64(i)/10 - 3
		c.LR, c.Loss = append(c.LR, math.Pow(10, x)), append(c.Loss, 2-1/(1+math.Exp(-4*(x+2)))+math.Exp(4*(x-0.5)))
	}
	f, err := report.LRCurve(c)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.WriteFigure(&b, report.SVG, f); err != nil {
		t.Fatal(err)
	}
	lr, err := c.Suggestion()
	if err != nil || math.Abs(math.Log10(lr)+2) > 0.11 {
		t.Errorf("the loss falls fastest at 0.01, got %v, %v", lr, err)
	}
	if !strings.Contains(b.String(), "suggestion: 0.01") || !strings.Contains(f.Alt, "It falls fastest at 0.01.") {
		t.Errorf("the suggestion must be shown: %s", f.Alt)
	}
	for _, bad := range []*training.LRCurve{nil, {}, {LR: []float64{1}}, {LR: []float64{1}, Loss: []float64{math.NaN()}}} {
		if _, err := report.LRCurve(bad); err == nil || !strings.HasPrefix(err.Error(), "report: LRCurve: ") {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
	if f, err := report.LRCurve(&training.LRCurve{LR: []float64{1, 2}, Loss: []float64{1, 2}}); err != nil || !strings.HasSuffix(f.Alt, "The loss does not fall.") {
		t.Errorf("a curve without a suggestion: %v", err)
	}
}
