package variant

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/datasets/opticks"
)

func charactersOf(t *testing.T, seed uint64, test int, validation bool) (train, reported *characters) {
	t.Helper()
	data, err := Characters(seed, 50, test, validation)
	if err != nil {
		t.Fatal(err)
	}
	return data.Train.(*characters), data.Test.(*characters)
}

// The inputs are the characters before the label, as they are in the book.
func TestCharactersGather(t *testing.T) {
	train, _ := charactersOf(t, 1, 30, false)
	book, err := opticks.Load(Before)
	if err != nil {
		t.Fatal(err)
	}
	if train.kinds != opticksKinds || book.Vocabulary.Size() != opticksKinds {
		t.Fatalf("want %d kinds of characters, got %d of %d", opticksKinds, train.kinds, book.Vocabulary.Size())
	}
	each := train.InputShape()[0]
	x, y := make([]float32, 2*each), make([]int, 2)
	for i := range x {
		x[i] = 9 // of the last batch
	}
	if err := train.Gather([]int{7, 3}, x, y); err != nil {
		t.Fatal(err)
	}
	text := []rune(opticks.Text())
	for k, i := range []int{7, 3} {
		var ids []int
		for p := range Before {
			row := x[k*each+p*opticksKinds : k*each+(p+1)*opticksKinds]
			id := slices.Index(row, 1)
			if n := len(row) - strings.Count(strings.Join(zeros(row), ""), "0"); id < 0 || n != 1 {
				t.Fatalf("place %d must be one-hot, got %v", p, row)
			}
			ids = append(ids, id)
		}
		want, err := book.Vocabulary.Encode(string(text[train.at[i] : train.at[i]+Before+1]))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(append(ids, y[k]), want) {
			t.Errorf("example %d must be %v, got %v and label %d", i, want, ids, y[k])
		}
	}
}

// zeros returns "0" for each element that is 0.
func zeros(row []float32) (all []string) {
	for _, v := range row {
		if v == 0 {
			all = append(all, "0")
		}
	}
	return all
}

// A seed draws the same training places for all arms; settings are judged on the
// validation text, results on the test text.
func TestCharacterData(t *testing.T) {
	train, test := charactersOf(t, 1, 30, false)
	if train.Len() != 50 || test.Len() != 30 {
		t.Errorf("want 50 and 30 examples, got %d and %d", train.Len(), test.Len())
	}
	again, _ := charactersOf(t, 1, 30, false)
	other, held := charactersOf(t, 2, 20, true)
	if !slices.Equal(train.at, again.at) || slices.Equal(train.at, other.at) {
		t.Errorf("places must depend on the seed alone, got %v, %v and %v", train.at, again.at, other.at)
	}
	if slices.Equal(train.at, slices.Sorted(slices.Values(train.at))) || len(slices.Compact(slices.Sorted(slices.Values(train.at)))) != 50 {
		t.Errorf("places must be drawn without repetition, got %v", train.at)
	}
	book, err := opticks.Load(Before)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		name string
		got  *characters
		want []int
		n    int
	}{{"training", train, book.Train.IDs, 50}, {"test", test, book.Test.IDs, 30}, {"validation", held, book.Validation.IDs, 20}} {
		if !slices.Equal(part.got.ids, part.want) || part.got.Len() != part.n {
			t.Errorf("the %s text must be that of the book, with %d examples", part.name, part.n)
		}
	}
}

func TestCharactersReject(t *testing.T) {
	c := &characters{ids: make([]int, 20), at: []int{0, 1}, kinds: 3}
	for _, tt := range []struct {
		name    string
		indices []int
		x, y    int
		want    string
	}{
		{"too few values", []int{0}, 3, 1, "must gather 24 values and a label of each example, got 3 and 1 of 1"},
		{"no label", []int{0}, 24, 0, "got 24 and 0 of 1"},
		{"index", []int{2}, 24, 1, "index must be in [0, 2), got 2"},
		{"negative index", []int{-1}, 24, 1, "index must be in [0, 2), got -1"},
	} {
		if err := c.Gather(tt.indices, make([]float32, tt.x), make([]int, tt.y)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: want %q, got %v", tt.name, tt.want, err)
		}
	}
	if _, err := Characters(1, 600000, 30, false); err == nil || !strings.Contains(err.Error(), "text must have 600000 places to predict, got 510") {
		t.Errorf("got %v", err)
	}
	if _, err := Characters(1, 50, 30000, true); err == nil || !strings.Contains(err.Error(), "text must have 30000 places") {
		t.Errorf("got %v", err)
	}
}
