package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/onnx"
)

// Two runs are compared with each other, and their models go to other programs.
func TestCompareAndExport(t *testing.T) {
	root := t.TempDir()
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	for dir, more := range map[string][]string{a: {"--seeds", "2"}, b: {"--seeds", "2", "-p", "0.4", "--tensorboard", filepath.Join(root, "board")}} {
		if out, log, code := command(append(append([]string{"--out", dir}, small...), more...)...); code != 0 {
			t.Fatalf("exit %d\n%s%s", code, out, log)
		}
	}

	if files, err := filepath.Glob(filepath.Join(root, "board", "with*-dropout*", "*tfevents*")); err != nil || len(files) != 4 {
		t.Errorf("want events of 4 networks, got %v, %v", files, err)
	}

	curves := filepath.Join(root, "curves.svg")
	out, log, code := command("eval", a, b, "--passes", "2", "--curves", curves)
	for _, want := range []string{"setting", "0 / 0.4", "Difference of the error to " + a, "with dropout, 2 passes", "2 seeds)"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("eval: want %q, got exit %d\n%s%s", want, code, out, log)
		}
	}
	if svg, err := os.ReadFile(curves); err != nil || !strings.Contains(string(svg), ">a: with<") || !strings.Contains(string(svg), ">b: with<") {
		t.Errorf("curves must name the runs: %v", err)
	}
	out, _, _ = command("--json", "eval", a, b, "--passes", "0")
	var got comparison
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Evaluations) != 8 || len(got.Settings) != 1 || len(got.Differences) != 2 {
		t.Fatalf("want 8 evaluations, 1 setting and 2 differences, got %d, %v and %v", len(got.Evaluations), got.Settings, got.Differences)
	}
	// Without dropout the two runs are the same.
	if d := got.Differences[0]; d.Run != runDir(b) || d.Arm != without || d.Error.Mean != 0 || d.Error.N != 2 {
		t.Errorf("want no difference without dropout, got %+v", d)
	}
	errorOf := func(run, arm string) (sum float64) {
		for _, e := range got.Evaluations {
			if string(e.Run) == run && e.Arm == arm {
				sum += 1 - e.Scores.Accuracy
			}
		}
		return sum / 2
	}
	want := errorOf(b, with) - errorOf(a, with)
	if d := got.Differences[1]; d.Arm != with || d.Error.Mean < want-1e-12 || d.Error.Mean > want+1e-12 {
		t.Errorf("want a difference of %v, got %+v", want, d)
	}

	file, weights := filepath.Join(root, "a.onnx"), filepath.Join(root, "a.safetensors")
	if _, log, code := command("export", a, "--onnx", file, "--safetensors", weights, "--seed", "2"); code != 0 {
		t.Fatalf("export: exit %d\n%s", code, log)
	}
	s, err := runDir(a).settings()
	if err != nil {
		t.Fatal(err)
	}
	original, err := runDir(a).model(s.arms()[1], 2)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 784)
	x[300] = 1
	want2, err := original.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	net, err := onnx.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	imported, err := net.Model()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := s.arms()[1].Model(784, 10, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded.Load(weights); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*models.Model{imported, loaded} {
		y, err := m.Predict(x)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range want2[0] {
			if d := y[0][k] - v; d > 1e-5 || d < -1e-5 {
				t.Errorf("logit %d: want %v, got %v", k, v, y[0][k])
			}
		}
	}
	if _, log, code := command("export", a, "--onnx", file, "--sample", "--probabilities"); code != 0 {
		t.Errorf("export --sample: exit %d\n%s", code, log)
	}

	for line, want := range map[string]string{
		"export " + a: "--onnx or --safetensors must name a file",
		"export " + a + " --safetensors " + weights + " --sample": "--sample and --probabilities must be with --onnx",
		"eval " + a + " " + a:                   "runs must be different",
		"eval " + a + " --curves " + a + ".pdf": "--curves must end in .svg or .png",
	} {
		if _, log, code := command(strings.Fields(line)...); code != 2 || !strings.Contains(log, want) {
			t.Errorf("%s: want %q, got exit %d\n%s", line, want, code, log)
		}
	}
}
