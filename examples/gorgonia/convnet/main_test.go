package main

import (
	"fmt"
	"strings"
	"testing"
)

// A few steps suffice to do better than chance, 10 of 100.
func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, 300, 100, 1); err != nil {
		t.Fatal(err)
	}
	var epoch, right, of int
	if _, err := fmt.Sscanf(out.String(), "epoch %d: %d of %d test images right", &epoch, &right, &of); err != nil || right < 20 {
		t.Errorf("want more than 20 of 100 images right, got %v, %s", err, out.String())
	}
}
