package main

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/regression"
)

// The list has a line for each experiment or, on a terminal, as many as it needs.
func TestList(t *testing.T) {
	var plain, narrow strings.Builder
	if err := list(&plain, 0); err != nil {
		t.Fatal(err)
	}
	if err := list(&narrow, 80); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(plain.String(), "\n"); n != len(studies)+1 {
		t.Errorf("%d lines, want %d", n, len(studies)+1)
	}
	for _, name := range append(names(studies), regression.Name) {
		if !strings.Contains(narrow.String(), name) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, line := range strings.Split(narrow.String(), "\n") {
		if runewidth.StringWidth(line) >= 80 {
			t.Errorf("line of %d columns: %q", runewidth.StringWidth(line), line)
		}
	}
}

func names(of []study) (all []string) {
	for _, s := range of {
		all = append(all, s.name)
	}
	return all
}
