package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out); err != nil {
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
