package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out, again strings.Builder
	for _, w := range []*strings.Builder{&out, &again} {
		if err := run(w, 20); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "step   0: loss 3.") || !strings.HasPrefix(lines[2], text[:steps]) {
		t.Errorf("want the loss twice and a text, got\n%s", out.String())
	}
	if out.String() != again.String() {
		t.Errorf("runs must be the same, got\n%s\nand\n%s", out.String(), again.String())
	}
}
