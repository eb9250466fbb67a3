//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipes has a pipe, or a file that is mostly a hole, in each place of a file: nothing
// waits for ever, and none is read whole.
func TestPipes(t *testing.T) {
	data, dir := write(t, "prices.csv", small()), filepath.Join(t.TempDir(), "run")
	compareQuickly(t, dir, data, "-t", "price")
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for _, args := range [][]string{{"compare", pipe, "-t", "price"}, {"compare", data, "--plan", pipe}, {"predict", dir, pipe}} {
		if _, log, code := command(args...); code == 0 || !strings.Contains(log, "must be a regular file, got a pipe") {
			t.Errorf("%q: a pipe must be refused, got %d: %s", args, code, log)
		}
	}
	for _, name := range []string{configFile, planFile, "trials.jsonl", "SHA256SUMS"} {
		path := filepath.Join(dir, name)
		good := readFile(t, path)
		if err := os.Truncate(path, 40<<30); err == nil {
			if _, log, code := command("compare", "--resume", dir, "--rounds", "1"); code != 1 || strings.Count(log, "\n") != 1 {
				t.Errorf("%s of 40 GB: must fail with one line, got %d: %s", name, code, log)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, log, code := command("compare", "--resume", dir, "--rounds", "1"); code != 1 || !strings.Contains(log, "got a pipe") {
			t.Errorf("%s: a pipe must be refused, got %d: %s", name, code, log)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(good), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
