package compare_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/training"
)

// once compares with one short trial of each, and loads the final model again.
func once(t *testing.T, s compare.Subject) (*compare.Experiment, *compare.Outcome) {
	t.Helper()
	dir := t.TempDir()
	e, err := compare.New(s, compare.Splitting{Folds: 2, Repeats: 1, Seed: 1}, compare.Length{Batch: 16, Epochs: 2, Patience: 2}, &compare.Store{Dir: dir}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background(), compare.Limit{Rounds: 1}, nil); err != nil {
		t.Fatal(err)
	}
	o, err := e.Evaluate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	f, err := e.Final(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "final.safetensors")
	if err := f.Model.Save(path); err != nil {
		t.Fatal(err)
	}
	again := *f
	if err := again.Load(path); err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 1)
	for _, n := range f.Input {
		x = make([]float32, len(x)*n)
	}
	want, err := f.Model.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Model.Predict(x); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("a model that was loaded must predict %v, got %v and %v", want, got, err)
	}
	return e, o
}

func TestBook(t *testing.T) {
	b, err := compare.NewBook(strings.Repeat("abcabcabd ", 600))
	if err != nil {
		t.Fatal(err)
	}
	e, o := once(t, b)
	if pairs, single := o.Way(compare.Pairs), o.Way(compare.Unigrams); !(pairs.NLL.Mean < single.NLL.Mean) {
		t.Errorf("pairs must say more than single characters, got %v and %v", pairs.NLL.Mean, single.NLL.Mean)
	}
	if err := checkSplits(e.Splits, b.Windows.Len(), false); err != nil {
		t.Error(err)
	}
	for i, split := range e.Splits {
		train := make(map[int]bool)
		for _, k := range split.Train {
			train[k] = true
		}
		for _, k := range split.Test {
			if train[k-1] || train[k+1] {
				t.Errorf("split %d: a window must be left out beside window %d", i, k)
			}
		}
	}
	if _, err := compare.NewBook(""); err == nil {
		t.Error("an empty text must be an error")
	}
}

// What wraps a subject would be taken for none of them where they differ.
func TestWrappedSubject(t *testing.T) {
	book, err := compare.NewBook(strings.Repeat("abcabcabd ", 600))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := compare.New(struct{ compare.Subject }{book}, compare.Splitting{}, compare.Length{}, &compare.Store{}, 1); err == nil || !strings.Contains(err.Error(), "subject must be") {
		t.Errorf("must be an error, got %v", err)
	}
}

// The passages of the report are those that the network has not seen the like of.
func TestPassages(t *testing.T) {
	const odd = "ddbbaa  ccddbbaa  ccddbbaa  ccddbbaa  ccddbbaa  cc"
	usual := strings.Repeat("abcabcabd ", 600)
	text := usual[:700] + odd + usual[700+len(odd):]
	b, err := compare.NewBook(text)
	if err != nil {
		t.Fatal(err)
	}
	e, o := once(t, b)
	all, err := e.Passages(context.Background(), o, compare.With, b.Windows.Len())
	if err != nil {
		t.Fatal(err)
	}
	var nll float64
	for i, p := range all {
		if text[p.First:p.First+len(p.Text)] != p.Text || !strings.ContainsRune(p.Text, p.Character) || p.Character == p.Likeliest {
			t.Fatalf("a passage must be of the text, with a character of it: got %+v", p)
		}
		if p.Surprise < p.NLL || i > 0 && p.NLL > all[i-1].NLL {
			t.Fatalf("the worst passage must come first, and its worst character be worse than its mean: got %+v", p)
		}
		nll += p.NLL / float64(len(all))
	}
	if first := all[0].First; first+len(all[0].Text) <= 700 || first >= 700+len(odd) {
		t.Errorf("the worst passage must be that at 700, got %+v", all[0])
	}
	// More of a passage is read with half a window before it.
	if w := o.Way(string(compare.With)); len(all)*48 != w.Predictions.Scores().Examples || nll > w.NLL.Mean || nll < 0.5*w.NLL.Mean {
		t.Errorf("the passages must be the test parts, with an NLL of %v at most, got %d with %v", w.NLL.Mean, len(all), nll)
	}
	if few, err := e.Passages(context.Background(), o, compare.With, 3); err != nil || len(few) != 3 || few[2] != all[2] {
		t.Errorf("the three worst must be the first three, got %+v, %v", few, err)
	}
}

func TestPictures(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	images := &datasets.Images{Examples: training.Examples{Shape: []int{1, 8, 8}}, Classes: []string{"dark", "light"}}
	for i := range 48 {
		images.Y = append(images.Y, i%2)
		for range 64 {
			images.X = append(images.X, float32(0.5*float64(i%2)+0.4*r.Float64()))
		}
	}
	_, o := once(t, &compare.Images{Images: images})
	if w := o.Way(string(compare.Without)); w.Predictions.Scores().Examples != 48 {
		t.Errorf("each image must be tested once, got %d", w.Predictions.Scores().Examples)
	}
}

// TestEmbedding compares on a category of many levels.
func TestEmbedding(t *testing.T) {
	s := subject(t, table(t, "city,x,y", 120, func(i int, r *rand.Rand) []any {
		return []any{"city", i % 30, " ", r.NormFloat64(), " ", float64(i%30) + 0.5*r.NormFloat64()}
	}), tabular.Wishes{Targets: []string{"y"}})
	p, err := s.Part(compare.Split{Train: []int{0, 30, 60, 1, 31, 61, 2, 32, 3, 33}, Validation: []int{4}})
	if err != nil {
		t.Fatal(err)
	}
	if !compare.Embeds(p.Fitted.(*tabular.Encoder)) {
		t.Error("30 cities must be embedded")
	}
	once(t, s)
}

func TestPace(t *testing.T) {
	e, err := compare.New(points(t, 200), compare.Splitting{Seed: 1}, compare.Length{Batch: 16, Epochs: 5000, Patience: 5000}, &compare.Store{Dir: t.TempDir()}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Pace(context.Background(), compare.Limit{Rounds: 1}, true); err != nil || e.Length.Epochs != 5000 {
		t.Errorf("without a time the length must stay, got %d and %v", e.Length.Epochs, err)
	}
	if err := e.Pace(context.Background(), compare.Limit{Until: time.Now().Add(10000 * time.Hour)}, true); err != nil || e.Length.Epochs != 5000 {
		t.Errorf("with all time of the world the length must stay, got %d and %v", e.Length.Epochs, err)
	}
	if err := e.Pace(context.Background(), compare.Limit{Until: time.Now().Add(time.Second)}, false); err != nil || e.Length.Epochs != 5000 {
		t.Errorf("a run that goes on must keep the length, got %d and %v", e.Length.Epochs, err)
	}
	if err := e.Pace(context.Background(), compare.Limit{Until: time.Now().Add(time.Second)}, true); err != nil || e.Length.Epochs >= 5000 || e.Length.Epochs < 1 {
		t.Errorf("a second must make it shorter, got %d and %v", e.Length.Epochs, err)
	}
}
