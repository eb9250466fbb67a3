package main

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := (cli{}).Run(&cmdline.Console{Out: &out}); err != nil {
		t.Fatal(err)
	}
	ours, theirs := 0, 0
	for line := range strings.Lines(out.String()) {
		right := strings.Contains(line, "right")
		switch {
		case strings.Contains(line, " ops.Dropout"):
			ours++
			if !right {
				t.Errorf("want a right gradient, got %s", line)
			}
		case strings.Contains(line, "gorgonia.Dropout  "):
			theirs++
		}
	}
	if ours != 4 || theirs != 4 {
		t.Errorf("%d and %d lines, want 4 and 4:\n%s", ours, theirs, out.String())
	}
}

// On a narrow terminal no line is longer than the terminal, and nothing is left out.
func TestNarrow(t *testing.T) {
	row := []string{"0.2", "gorgonia.Dropout", list([]float64{1.25, -2.5, 3.75, -5}), list([]float64{5, 5, 5, 5}), list([]float64{1.25, 1.25, 1.25, 1.25}), "wrong"}
	for _, columns := range []int{60, 80} {
		var out strings.Builder
		rows := [][]string{{"p", "op", "output", "gradient", "central differences", ""}, slices.Clone(row)}
		if err := write(&out, rows, columns); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimSpace(line)); n >= columns {
				t.Errorf("%d columns: a line of %d: %s", columns, n, line)
			}
		}
		for _, want := range append(row[2:], "0.2  gorgonia.Dropout") {
			if !strings.Contains(out.String(), strings.TrimRight(want, " ")) {
				t.Errorf("%d columns: %q is not in\n%s", columns, want, out.String())
			}
		}
	}
}

// Help and wrong usage make no comparison, and a full disk is a failure.
func TestExecute(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--help"}, 0, "Exit codes:"},
		{[]string{"--nonsense"}, 2, "unknown flag --nonsense"},
		{[]string{"x"}, 2, "unexpected argument x"},
		{nil, 0, "gorgonia.Dropout"},
	} {
		var out strings.Builder
		code := commandLine().Execute(&cmdline.Console{Args: tt.args, Out: &out, Log: &out})
		if code != tt.code || !strings.Contains(out.String(), tt.want) || (tt.args != nil && strings.Contains(out.String(), "wrong\n")) {
			t.Errorf("%v: exit %d\n%s", tt.args, code, out.String())
		}
	}
	var log strings.Builder
	if code := commandLine().Execute(&cmdline.Console{Out: &fulldisk.Disk{}, Log: &log}); code != 1 || !strings.Contains(log.String(), "no space left") {
		t.Errorf("exit %d\n%s", code, log.String())
	}
}
