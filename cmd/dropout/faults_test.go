package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
	"github.com/gorgonia-dropout/dropout/internal/fulldisk/points"
)

// timed is what no two runs share: times, and checksums of these.
var timed = regexp.MustCompile(`"seconds": ?[-+.e0-9]+|"crc32":"[0-9a-f]+"`)

// timeless leaves out of results how long they took.
func timeless(results string) string { return timed.ReplaceAllString(results, "") }

// TestFaults fails each step of each file of a comparison on a disk that is full or broken:
// one line with the reason, and going on gives what an undisturbed run gives.
func TestFaults(t *testing.T) {
	data := write(t, "prices.csv", small())
	run := func(dir string) (string, int) {
		_, log, code := command(append([]string{"compare", data, "-t", "price", "--workers", "1", "--out", dir}, quick...)...)
		return log, code
	}
	whole := filepath.Join(t.TempDir(), "run")
	places := points.Of(func() {
		if log, code := run(whole); code != 0 {
			t.Fatalf("must exit with 0, got %d: %s", code, log)
		}
	})
	if len(places) < 30 {
		t.Fatalf("must have the steps of all files, got %v", places)
	}
	places = points.Some(places, 5)
	for i, at := range places {
		err, dir := points.Errors[i%2], filepath.Join(t.TempDir(), "run")
		points.Command(t, at, err, func() (string, int) { return run(dir) })
		args := []string{"compare", "--resume", dir, "--rounds", "1", "--workers", "1"}
		if !fileExists(filepath.Join(dir, configFile)) { // it had not begun
			args = append([]string{"compare", data, "-t", "price", "--workers", "1", "--out", dir}, quick...)
		}
		if _, log, code := command(args...); code != 0 {
			t.Errorf("%v: must go on, got %d: %s", at, code, log)
			continue
		}
		for _, name := range []string{resultsFile, modelFile} {
			if want, got := readFile(t, filepath.Join(whole, name)), readFile(t, filepath.Join(dir, name)); timeless(got) != timeless(want) {
				t.Errorf("%v: %s must be that of the undisturbed run", at, name)
			}
		}
		if out, log, code := command("verify", dir); code != 0 {
			t.Errorf("%v: all files must be whole, got %d: %s%s", at, code, out, log)
		}
		if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
			t.Errorf("%v: nothing must be left, got %q and %v", at, left, err)
		}
	}
	t.Logf("%d failing steps of files (all with %s=1)", len(places), points.EveryVariable)
}

// TestFullOutput writes results to a disk that is full.
func TestFullOutput(t *testing.T) {
	data, dir := write(t, "prices.csv", small()), filepath.Join(t.TempDir(), "run")
	compareQuickly(t, dir, data, "-t", "price")
	for _, args := range [][]string{{"predict", dir, data}, {"predict", "--json", dir, data}, {"report", dir}, {"verify", dir}} {
		var log bytes.Buffer
		console := consoleTo(&fulldisk.Disk{Room: 20}, &log)
		console.Args = args
		if code := commandLine().Execute(console); code != 1 || !strings.Contains(log.String(), "no space left on device") {
			t.Errorf("%q: must exit with 1 and the reason, got %d: %s", args, code, log.String())
		}
	}
	to := filepath.Join(t.TempDir(), "model")
	for i, at := range points.Of(func() { must(t, "export", dir, to) }) {
		var log string
		var code int
		points.Fail(at, points.Errors[i%2], func() { _, log, code = command("export", dir, to) })
		if code != 1 || !strings.Contains(log, points.Errors[i%2].Error()) || strings.Count(log, "\n") != 1 {
			t.Errorf("export, %v: must exit with 1 and one line, got %d: %s", at, code, log)
		}
	}
}

// TestVerify flips a bit of each file of a run, cuts it short and removes it.
func TestVerify(t *testing.T) {
	data, dir := write(t, "prices.csv", small()), filepath.Join(t.TempDir(), "run")
	compareQuickly(t, dir, data, "-t", "price")
	if out := must(t, "verify", dir); strings.Contains(out, "no checksum") || strings.Count(out, "\n") < 12 {
		t.Errorf("all files must be whole, got\n%s", out)
	}
	damages := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lockFile || d.Name() == "SHA256SUMS" {
			return err
		}
		good := []byte(readFile(t, path))
		flipped := bytes.Clone(good)
		flipped[(len(good)*7)/13] ^= 4
		for _, bad := range [][]byte{flipped, good[:len(good)/2], nil} {
			if err := os.WriteFile(path, bad, 0o666); err != nil {
				return err
			}
			if bad == nil {
				if err := os.Remove(path); err != nil {
					return err
				}
			}
			damages++
			if out, log, code := command("verify", dir); code != 1 || !strings.Contains(out+log, d.Name()) {
				t.Errorf("%s with %d of %d bytes: must exit with 1 and name it, got %d: %s%s", d.Name(), len(bad), len(good), code, out, log)
			}
		}
		return os.WriteFile(path, good, 0o666)
	})
	if err != nil {
		t.Error(err)
	}
	must(t, "verify", dir)
	// A number of a trial that is another, where the list of checksums knows nothing.
	if err := os.Remove(filepath.Join(dir, "SHA256SUMS")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "trials.jsonl")
	if err := os.WriteFile(path, []byte(strings.Replace(readFile(t, path), `"score":0.`, `"score":1.`, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(readFile(t, path), `"score":1.`) {
		if _, log, code := command("compare", "--resume", dir, "--rounds", "2"); code != 1 || !strings.Contains(log, "checksum must be that of the trial") {
			t.Errorf("a changed trial must be noticed, got %d: %s", code, log)
		}
	} else {
		t.Error("the damage changes nothing")
	}
	t.Logf("%d damages", damages)
}
