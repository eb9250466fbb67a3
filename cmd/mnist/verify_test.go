package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/sums"
)

// Each file of a run, with a bit flipped, cut short, removed or in another's place, is
// named by verify, and nothing else is.
func TestVerify(t *testing.T) {
	dir := trainedRun(t)
	out, log, code := command("verify", dir)
	if code != 0 || log != "" || strings.Contains(out, "no checksum") {
		t.Fatalf("whole: exit %d\n%s%s", code, out, log)
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != lockFile {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) < 9 {
		t.Fatalf("want the files of a run, got %q, %v", files, err)
	}
	damages := 0
	attack := func(path, what string, bad []byte) {
		t.Helper()
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bad == nil {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, bad, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		damages++
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		out, log, code := command("verify", dir)
		// Without the list nothing is known to be damaged, but verify says so.
		unlisted := filepath.Base(path) == sums.File && strings.Contains(out, "has no checksum")
		if !unlisted && (code != 1 || !strings.Contains(out+log, filepath.ToSlash(name)) && !strings.Contains(out+log, path)) {
			t.Errorf("%s %s: want exit 1 and the name, got %d and\n%s%s", name, what, code, out, log)
		}
		if err := os.WriteFile(path, good, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for i, path := range files {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(good)
		flipped[(i*7919+13)%len(good)] ^= 1 << (i % 8)
		switch i % 4 { // each takes a second
		case 0:
			attack(path, "cut short", good[:len(good)/2])
		case 2:
			attack(path, "removed", nil)
		default:
			attack(path, "with a flipped bit", flipped)
		}
	}
	// Files of other arms, whole in themselves, and also where the list knows nothing.
	for _, listed := range []bool{true, false} {
		if !listed {
			if err := sums.Forget(dir, ofTrial); err != nil {
				t.Fatal(err)
			}
		}
		other, err := os.ReadFile(filepath.Join(dir, "runs", "without-dropout-1", "last.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		attack(filepath.Join(dir, "runs", "with-dropout-1", "last.safetensors"), "of another arm", other)
	}
	if out, log, code := command("verify", dir, "--json"); code != 0 || !strings.Contains(out, `{"file":"config.json"}`) || !strings.Contains(out, "has no checksum") {
		t.Errorf("mended: exit %d\n%s%s", code, out, log)
	}
	t.Logf("%d damages of %d files", damages, len(files))
}

// A digit of the results that is another, which is valid JSON, does not get into a
// report; nor does a model of another arm get into eval.
func TestSilentDamage(t *testing.T) {
	dir := trainedRun(t)
	path := filepath.Join(dir, "runs.json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(good, []byte(`"nll": `)) + len(`"nll": `)
	bad := bytes.Clone(good)
	bad[at] ^= 1
	if err := os.WriteFile(path, bad, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, log, code := command("report", dir); code != 1 || !strings.Contains(log, "checksum is not that in SHA256SUMS") {
		t.Errorf("want exit 1 and the reason, got %d and\n%s", code, log)
	}
	if err := os.WriteFile(path, good, 0o666); err != nil {
		t.Fatal(err)
	}
	a, b := filepath.Join(dir, "runs", "with-dropout-1", modelFile), filepath.Join(dir, "runs", "without-dropout-1", modelFile)
	for _, step := range [][2]string{{a, a + "x"}, {b, a}, {a + "x", b}} {
		if err := os.Rename(step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, log, code := command("eval", dir); code != 1 || !strings.Contains(log, "checksum is not that in SHA256SUMS") {
		t.Errorf("want exit 1 and the reason, got %d and\n%s", code, log)
	}
	if _, log, code := command("--resume", dir); code != 1 || !strings.Contains(log, "checksum is not that in SHA256SUMS") {
		t.Errorf("want exit 1 and the reason, got %d and\n%s", code, log)
	}
}

// A checkpoint knows its settings: where config.json is gone, a run with others does
// not go on from it.
func TestOtherSettingsOverCheckpoints(t *testing.T) {
	dir := trainedRun(t)
	if err := os.Remove(filepath.Join(dir, "config.json")); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--momentum=0.5", "--seed=1 --lr=0.3", "--hidden=17", "-p 0.2", "--epochs=3", "--train=201", "--weight-decay=0.1"} {
		args := append(append([]string{"--out", dir}, small...), strings.Fields(flag)...)
		if _, log, code := command(args...); code != 1 || !strings.Contains(log, "must be") {
			t.Errorf("%s: want exit 1 and what differs, got %d and\n%s", flag, code, fmt.Sprintf("%.500s", log))
		}
		if err := os.Remove(filepath.Join(dir, "config.json")); err != nil {
			t.Fatal(err)
		}
	}
}
