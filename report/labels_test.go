package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

func TestDistinct(t *testing.T) {
	style := text(textSize, ink)
	iris := []string{"Iris-setosa", "Iris-versicolor", "Iris-virginica"}
	numbered := func(s string) []string { return []string{s + "1", s + "2"} }
	for _, tt := range []struct {
		name  string
		width vg.Length
		of    []string
		want  []string
	}{
		{"fitting", 100, iris, iris},
		{"ends", 63, iris, []string{"Iris-setosa", "Iris-versi…", "Iris-virgi…"}},
		{"what they share", 40, iris, []string{"…se…", "…ve…", "…vir…"}},
		{"the same twice", 20, []string{"abcdefgh", "abcdefgh"}, []string{"a…", "a…"}},
		{"numbers", 50, []string{"aaaaaaaaaa1zzzzzzzzzzzz", "aaaaaaaaaa2zzzzzzzzzzzz", "bbbbbbbbbb1zzzzzzzzzzzz"}, []string{"1 aaa…", "2 aaa…", "3 bbb…"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := distinct(style, tt.of, tt.width); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := distinct(style, numbered(strings.Repeat("x", 100)), 60); got[0] == got[1] {
		t.Errorf("got %q", got)
	}
}

// Names that differ do so when they are cut, whatever they are.
func TestDistinctOfAnything(t *testing.T) {
	style := text(textSize, ink)
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab日😀")), 0, 30, -1), 0, 6).Draw(t, "names")
		width := vg.Length(rapid.Float64Range(0, 150).Draw(t, "width"))
		short := distinct(style, names, width)
		for i := range names {
			for k := range names[:i] {
				if (names[i] == names[k]) != (short[i] == short[k]) {
					t.Fatalf("%q and %q became %q and %q", names[i], names[k], short[i], short[k])
				}
			}
			wrap(style, names[i], width)
		}
	})
}

// Words that are too long go on in the next line, and none of their letters is lost.
func TestWrap(t *testing.T) {
	style := text(textSize, ink)
	for _, s := range []string{"", "a", "many short words in a row", "averylongwordwithoutanyspaceinit and another", "日本語日本語日本語"} {
		got := wrap(style, s, 60)
		if lost := strings.NewReplacer("\n", "", " ", ""); lost.Replace(got) != strings.ReplaceAll(s, " ", "") {
			t.Errorf("%q became %q", s, got)
		}
		for _, line := range strings.Split(got, "\n") {
			if style.Width(line) > 60 {
				t.Errorf("%q is wider than 60", line)
			}
		}
	}
}

// Labels of curves are three lines at most, and as different as their names.
func TestNameLabels(t *testing.T) {
	long := strings.Repeat("dropout-of-hidden-units-", 4)
	got := nameLabels([]string{long + "1", long + "2", "with dropout"})
	if got[0] == got[1] || strings.Count(got[0], "\n") > 2 || got[2] != "with dropout" {
		t.Errorf("got %q", got)
	}
}

// An axis for any interval has a few ticks inside it whose labels differ and tell
// where they are.
func TestTicksOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 5e-324, 1e308, -1e308, 1.7976931348623157e308, 1e20, 1e20 + 32768, 1}))
		low, high := number.Draw(t, "low"), number.Draw(t, "high")
		if low > high {
			low, high = high, low
		}
		low, high = apart(low, high)
		if !(low < high) || !finite(low) || !finite(high) {
			t.Fatalf("%v to %v", low, high)
		}
		ticks := linearTicks(low, high, 6)
		seen := make(map[string]bool)
		for _, tick := range ticks {
			var v float64
			if _, err := fmt.Sscan(tick.Label, &v); err != nil || seen[tick.Label] || len(tick.Label) > 24 {
				t.Fatalf("label %q of %v, %v", tick.Label, tick.Value, err)
			}
			seen[tick.Label] = true
			if at := (linearScale{}).Normalize(low, high, tick.Value); !(at > -1e-6 && at < 1+1e-6) {
				t.Fatalf("tick %v of %v to %v is at %v", tick.Value, low, high, at)
			}
			if off := (linearScale{}).Normalize(low, high, v) - (linearScale{}).Normalize(low, high, tick.Value); !(off < 0.01 && off > -0.01) {
				t.Fatalf("label %q of %v in %v to %v", tick.Label, tick.Value, low, high)
			}
		}
		if len(ticks) < 4 || len(ticks) > 13 {
			t.Fatalf("%d ticks from %v to %v", len(ticks), low, high)
		}
	})
}
