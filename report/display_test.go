package report_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
)

func TestDisplay(t *testing.T) {
	f, err := report.Uncertainty([]float64{0.1, 0.9, 0.4}, []bool{true, false, true})
	if err != nil {
		t.Fatal(err)
	}
	if svg := f.SVG(); !strings.Contains(svg, "<svg") || !strings.Contains(svg, f.Title) {
		t.Errorf("SVG is %.200s", svg)
	}
	if _, err := png.Decode(bytes.NewReader(f.PNG())); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	dir := filepath.Join(t.TempDir(), "figures")
	if err := report.SavePNG(&out, dir, "entropy", f); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "entropy.png")
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, f.PNG()) || out.String() != f.Title+": "+path+"\n" {
		t.Errorf("Show wrote %q, %v", out.String(), err)
	}
}

func TestDisplayOfNothing(t *testing.T) {
	var f report.Figure
	if svg := f.SVG(); !strings.Contains(svg, "figure must come from a function of this package") {
		t.Errorf("SVG is %s", svg)
	}
	if f.PNG() != nil {
		t.Error("an empty figure has no PNG")
	}
	if err := report.SavePNG(&strings.Builder{}, t.TempDir(), "x", &f); err == nil {
		t.Error("an empty figure must be an error")
	}
	c := report.Comparison{Without: "a<b", With: "c"}
	if got := c.HTML(); strings.Contains(got, "a<b") || !strings.HasPrefix(got, "<p>") {
		t.Errorf("HTML is %s", got)
	}
}
