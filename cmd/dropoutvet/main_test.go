package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cmd/correctness compares both dropouts, and so uses the built-in one.
func TestAsVettool(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "dropoutvet.exe")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	// One run for both, since each starts with the facts of all that they import.
	out, err := exec.Command("go", "vet", "-vettool="+tool, "../correctness", "../../examples/quickstart").CombinedOutput()
	if want := "gorgonia.Dropout has a wrong gradient"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("want %q and an error, got %v and\n%s", want, err, out)
	}
	if strings.Contains(string(out), "quickstart") {
		t.Errorf("want nothing about quickstart, got\n%s", out)
	}
}
