package cmdline

import (
	"bytes"
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string
	}{
		{"", ""}, {"one", "one"}, {"one two", "one two"}, {"one two three", "one two\nthree"}, {"averylongword b", "averylongword\nb"}, {"日本語 日本 a", "日本語\n日本 a"},
	} {
		if got := Wrap(tt.text, 7); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// Columns that find no room are drawn below, beside the first again.
func TestDrawTable(t *testing.T) {
	rows := [][]string{{"", "one", "two", "three"}, {"arm", "1", "22", "333"}}
	for width, want := range map[int]string{
		80: "     one  two  three\n────────────────────\narm    1   22    333\n",
		14: "     one  two\n─────────────\narm    1   22\n\n     three\n──────────\narm    333\n",
		1:  "     one\n────────\narm    1\n\n     two\n────────\narm   22\n\n     three\n──────────\narm    333\n",
	} {
		var b strings.Builder
		if DrawTable(&b, rows, width); b.String() != want {
			t.Errorf("%d columns: got\n%s", width, b.String())
		}
	}
}

// What is no terminal has no columns and is not redrawn, also as a program's results.
func TestNoTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	for _, w := range []interface{ Write([]byte) (int, error) }{&bytes.Buffer{}, &results{w: &bytes.Buffer{}}} {
		if Columns(w) != 0 || Redraws(w) {
			t.Errorf("%T is taken for a terminal", w)
		}
	}
}
