package progress

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
)

// two is two runs as MNIST shows them.
func two() []row {
	a := row{
		name: "without dropout, seed 1", epoch: 12, epochs: 40, done: 0.3, trained: true, loss: 0.12345, accuracy: 0.951,
		validated: true, validation: 0.062, best: 0.061, validationEpoch: 11, bestEpoch: 9, timed: true, rate: 4367, left: 83 * time.Second,
	}
	b := a
	b.name, b.epoch, b.done, b.bestEpoch, b.best, b.left = "with dropout, seed 1", 4, 0.1, 11, 0.062, 100*time.Second
	return []row{a, b}
}

func TestFrame(t *testing.T) {
	for _, tt := range []struct {
		name         string
		columns, row int
		want         []string
	}{
		{"wide", 200, 24, []string{
			"without dropout, seed 1  ▕██████████······················▏  epoch 12/40  loss 0.1235  accuracy  95.1 %  validation error 6.20 % (best 6.10 %, epoch 9)  4,367 examples/s  1:23 left",
			"with dropout, seed 1     ▕███·····························▏  epoch  4/40  loss 0.1235  accuracy  95.1 %  validation error 6.20 % (best)                  4,367 examples/s  1:40 left",
		}},
		{"80 columns", 80, 24, []string{
			"without dropout, seed 1  ▕█···▏   30 %  loss 0.1235  val 6.20 %       1:23 left",
			"with dropout, seed 1     ▕····▏   10 %  loss 0.1235  val 6.20 % best  1:40 left",
		}},
		{"76 columns", 76, 24, []string{
			"without dropout, seed 1  ▕██···▏   30 %  loss 0.1235  val 6.20 %  1:23 left",
			"with dropout, seed 1     ▕█····▏   10 %  loss 0.1235  val 6.20 %  1:40 left",
		}},
		{"90 columns", 90, 24, []string{
			"without dropout, seed 1  ▕██······▏  epoch 12/40  loss 0.1235  val 6.20 %       1:23 left",
			"with dropout, seed 1     ▕█·······▏  epoch  4/40  loss 0.1235  val 6.20 % best  1:40 left",
		}},
		{"70 columns", 70, 24, []string{
			"without dropout, seed 1  ▕█████·············▏  epoch 12/40  1:23 left",
			"  loss 0.1235  validation error 6.20 % (best 6.10 %, epoch 9)",
			"with dropout, seed 1     ▕██················▏  epoch  4/40  1:40 left",
			"  loss 0.1235  accuracy  95.1 %  validation error 6.20 % (best)",
		}},
		{"70 columns, 4 rows", 70, 4, []string{
			"without dropout, seed 1  ▕█████·············▏  epoch 12/40  1:23 left",
			"with dropout, seed 1     ▕██················▏  epoch  4/40  1:40 left",
		}},
		{"60 columns", 60, 24, []string{
			"without dropout, seed 1  ▕██······▏  epoch 12/40  1:23 left",
			"  validation error 6.20 % (best 6.10 %, epoch 9)",
			"with dropout, seed 1     ▕█·······▏  epoch  4/40  1:40 left",
			"  loss 0.1235  validation error 6.20 % (best)",
		}},
		{"40 columns", 40, 24, []string{
			"without dropou…  epoch 12/40  1:23 left",
			"  loss 0.1235  accuracy  95.1 %",
			"with dropout, …  epoch  4/40  1:40 left",
			"  validation error 6.20 % (best)",
		}},
		{"no room for a run", 80, 2, []string{"and 2 more runs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := frame(two(), tt.columns, tt.row)
			if g, w := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
		})
	}
}

// Before the first step a run has a name, a bar and a position.
func TestFrameAtStart(t *testing.T) {
	got := frame([]row{{name: "日本語", epoch: 1, epochs: 3}}, 60, 24)
	if want := "日本語  ▕································▏  epoch 1/3"; len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever the numbers and the size of the terminal, the lines fit on it and hold
// nothing that moves the cursor.
func TestFrameFits(t *testing.T) {
	number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324}))
	one := rapid.Custom(func(t *rapid.T) row {
		return row{
			name: plaintext.Line(rapid.String().Draw(t, "name")), epoch: rapid.Int().Draw(t, "epoch"), epochs: rapid.Int().Draw(t, "epochs"),
			done: number.Draw(t, "done"), trained: rapid.Bool().Draw(t, "trained"), loss: number.Draw(t, "loss"), accuracy: number.Draw(t, "accuracy"),
			validated: rapid.Bool().Draw(t, "validated"), validation: number.Draw(t, "validation"), best: number.Draw(t, "best"),
			validationEpoch: rapid.Int().Draw(t, "validationEpoch"), bestEpoch: rapid.Int().Draw(t, "bestEpoch"),
			timed: rapid.Bool().Draw(t, "timed"), rate: number.Draw(t, "rate"), left: time.Duration(rapid.Int64().Draw(t, "left")),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(one, 0, 5).Draw(t, "rows")
		columns, height := rapid.IntRange(-1, 250).Draw(t, "columns"), rapid.IntRange(-1, 12).Draw(t, "height")
		lines := frame(rows, columns, height)
		if len(lines) > max(1, height-1) {
			t.Fatalf("%d lines on a terminal of %d rows", len(lines), height)
		}
		for _, line := range lines {
			if w := runewidth.StringWidth(line); w > max(1, columns-1) || strings.ContainsAny(line, "\r\n\x1b") {
				t.Fatalf("line of %d columns on a terminal of %d: %q", w, columns, line)
			}
		}
	})
}

func TestTexts(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{clock(0), "0:00"}, {clock(83 * time.Second), "1:23"}, {clock(3600 * time.Second), "1:00:00"}, {clock(100*time.Hour + 61*time.Second), "100:01:01"},
		{thousands(0), "0"}, {thousands(999.4), "999"}, {thousands(1234567), "1,234,567"}, {thousands(math.Inf(1)), "+Inf"}, {thousands(1e300), "1e+300"},
		{decimal(0.12345), "0.1235"}, {decimal(1e300), "1e+300"}, {plaintext.Line("a\nb\x1b[A\u2028\xff"), "a b\uFFFD[A \uFFFD"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
