package report_test

import (
	"bytes"
	"image/color"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/report"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// write draws a text alone, and returns its dark pixels in PNG and its width in SVG.
func write(t *testing.T, s string) (dark int, width float64) {
	t.Helper()
	f := report.NewFigure("", "", "", 200, 40, func(c draw.Canvas) {
		c.FillText(report.TextStyle(20, color.Black), vg.Point{X: 10, Y: c.Max.Y - 5}, s)
	})
	var b bytes.Buffer
	if err := report.WriteFigure(&b, report.PNG, f); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
				dark++
			}
		}
	}
	svg := svg(t, f)
	if !strings.Contains(svg, ">"+s+"<") {
		t.Errorf("SVG must have the text %q for the viewer's fonts", s)
	}
	if m := regexp.MustCompile(`textLength="([0-9.]+)"`).FindStringSubmatch(svg); m != nil {
		width, _ = strconv.ParseFloat(m[1], 64)
	}
	return dark, width
}

// No script is blank in PNG, and each has the width in SVG that viewers' fonts give
// it: CJK letters are as wide as they are high.
func TestScripts(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width float64 // 0: whatever
	}{
		{"日本語", 60}, {"中文", 40}, {"한국어", 60}, {"русский", 0}, {"ελληνικά", 0}, {"עברית", 0}, {"عربي", 0},
		{"हिन्दी", 0}, {"😀", 20}, {"ไทย", 0}, {"a日b", 0},
	} {
		dark, width := write(t, tt.text)
		if dark < 100 {
			t.Errorf("%s: %d dark pixels", tt.text, dark)
		}
		if tt.width > 0 && (width < tt.width-0.5 || width > tt.width+0.5) || width == 0 {
			t.Errorf("%s: width %v, want %v", tt.text, width, tt.width)
		}
	}
	if dark, _ := write(t, "\u3000"); dark > 0 {
		t.Errorf("a wide space has %d dark pixels", dark)
	}
}
