package models_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/ops"
	"github.com/gorgonia-dropout/dropout/schedule"
)

var update = flag.Bool("update", false, "write the golden files of this package")

// A named layer says what it is called.
type named struct{ models.LayerFunc }

func (named) String() string { return "<b>twice & more</b>" }

// Summaries of every kind of network are the golden texts, within 80 columns.
func TestSummary(t *testing.T) {
	twice := named{func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Add(x, x) }}
	deep := models.TransformerBlock{Heads: 2, AttentionDropout: 0.1, DropPath: 0.2}
	for _, tt := range []struct {
		name   string
		net    models.Layer
		input  []int
		freeze []string
	}{
		{"mlp", models.MLP{Inputs: 784, Hidden: []int{256, 256}, Outputs: 10, InputDropout: 0.3, HiddenDropout: 0.1, BatchNorm: true}, []int{784}, nil},
		{"submatrix", models.MLP{Hidden: []int{8}, Outputs: 3, HiddenDropout: 0.5, Submatrix: true}, []int{6}, nil},
		{"convnet", models.ConvNet{Channels: []int{32, 64}, Hidden: []int{128}, Outputs: 10, ChannelDropout: 0.1, HiddenDropout: 0.5}, []int{1, 28, 28}, []string{"features."}},
		{"language", models.LSTMLanguageModel{Vocabulary: 64, Width: 128, Tied: true, OutputDropout: 0.4,
			LSTM: models.LSTM{Units: 128, Layers: 2, InputDropout: 0.1, WeightDrop: 0.5, ZoneoutCell: 0.05}}, []int{100}, nil},
		{"transformer", models.TransformerLanguageModel{Vocabulary: 1000, Width: 64, Context: 50, Blocks: 2, Block: deep}, []int{50}, nil},
		{"others", models.Sequential{models.Linear(4, 3), models.GaussianNoise(0.1), models.Dropout(0.5, ops.WithRate(schedule.Late{P: 0.1, Cutoff: 3})),
			models.Residual(models.Linear(3, 3), models.DropPath(0.2)), twice, models.DropConnect(3, 2, 0.5)}, []int{4}, nil},
		{"long", models.Sequential{models.Sequential{models.LayerFunc(func(s *models.Scope, x *gorgonia.Node) (*gorgonia.Node, error) {
			return s.Apply(strings.Repeat("encoder.", 8)+"last", models.Linear(4, 3), x)
		})}}, []int{4}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := mustModel(t, tt.net, tt.input)
			if err := m.Freeze(tt.freeze...); err != nil {
				t.Fatal(err)
			}
			s, err := m.Summary()
			if err != nil {
				t.Fatal(err)
			}
			total := 0
			for _, l := range s.Layers {
				total += l.Params
			}
			if total != m.NumParams() || s.Params != total {
				t.Errorf("layers have %d parameters and the summary %d, want %d", total, s.Params, m.NumParams())
			}
			for line := range strings.Lines(s.String()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
					t.Errorf("a line has %d columns, want 80 at most: %s", n, line)
				}
			}
			golden(t, tt.name+".txt", s.String())
			if tt.name == "others" {
				golden(t, tt.name+".html", s.HTML())
			}
		})
	}
}

// golden compares text with a file of testdata/summary.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "summary", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}
