package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/photograph"
	"github.com/gorgonia-dropout/dropout/mnist/embedded"
	"github.com/gorgonia-dropout/dropout/training"
	"github.com/gorgonia-dropout/dropout/training/uncertainty"
)

// By thresholds from digits that are held out, few digits of the test set are unlike
// the training data and most noise is. On photographs most digits are recognized, and
// blank paper and several digits are refused.
func TestUnlike(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if out, log, code := command("--train", "2000", "--hidden", "128,128", "--epochs", "8", "--plain-epochs", "1", "--seeds", "1", "--curve", "400", "--out", dir); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	ctx := context.Background()
	s, err := runDir(dir).settings()
	if err != nil {
		t.Fatal(err)
	}
	m, err := runDir(dir).model(s.arms()[1], 1)
	if err != nil {
		t.Fatal(err)
	}
	p := &uncertainty.Predictor{Model: m.Model, Passes: 20}
	usual, err := usualOf(ctx, s, p)
	if err != nil {
		t.Fatal(err)
	}
	if usual.Examples != 400 {
		t.Errorf("thresholds are from %d images, want the 400 that are held out", usual.Examples)
	}
	unlike := func(x []float32) float64 {
		n := len(x) / 784
		predictions, err := p.Predict(ctx, &training.Examples{Shape: []int{784}, X: x, Y: make([]int, n)})
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, one := range predictions {
			if usual.Exceeds(one.Entropy, one.MutualInformation()) {
				found++
			}
		}
		return float64(found) / float64(n)
	}
	const n = 200
	noise := make([]float32, 784*n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = r.Float32()
	}
	if share := unlike(noise); share < 0.9 {
		t.Errorf("%.2f of noise is unlike the training data", share)
	}
	_, test, err := embedded.Load()
	if err != nil {
		t.Fatal(err)
	}
	digits, _, err := test.Stratified(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	all, labels := make([]float32, 784*n), make([]int, n)
	for i := range n {
		if err := digits.Gather([]int{i}, all[784*i:784*(i+1)], labels[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if share := unlike(all); share > 0.15 {
		t.Errorf("%.2f of digits are unlike the training data", share)
	}

	right := 0
	const photographs = 6
	for i := range photographs {
		scene := photograph.Scene{Noise: 4, Fading: 0.3, Shadow: 0.3, Lined: i%2 == 1, Seed: uint64(i), Digits: []photograph.Digit{{Pixels: all[784*i : 784*(i+1)], X: 200, Y: 140, Size: 130}}}
		out, log, code := command("--json", "predict", dir, taken(t, scene), "--passes", "5")
		var a answer
		if err := json.Unmarshal([]byte(out), &a); code != 0 || err != nil || a.Unlike == nil {
			t.Fatalf("exit %d, %v\n%s%s", code, err, out, log)
		}
		if a.Class == labels[i] {
			right++
		}
	}
	if right < photographs-1 {
		t.Errorf("%d of %d photographs are recognized", right, photographs)
	}
	two := photograph.Scene{Noise: 3, Digits: []photograph.Digit{{Pixels: all[:784], X: 110, Y: 150, Size: 110}, {Pixels: all[784 : 2*784], X: 260, Y: 150, Size: 110}}}
	for want, scene := range map[string]photograph.Scene{
		"image must show a digit, got a blank one":                          {Noise: 3, Fading: 0.4},
		"image must show one digit, got 2 pieces of ink of about that size": two,
	} {
		if out, log, code := command("predict", dir, taken(t, scene)); code != 1 || !strings.Contains(log, want) || strings.Count(log, "\n") != 1 {
			t.Errorf("want %q, got exit %d\n%s%s", want, code, out, log)
		}
	}
}

// taken writes a photograph to a file.
func taken(t *testing.T, s photograph.Scene) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, s.Take()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "photograph.png")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
