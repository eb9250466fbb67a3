package datasets

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// A Vocabulary numbers the characters of texts.
type Vocabulary struct {
	characters []rune
	ids        map[rune]int
}

// NewVocabulary returns the vocabulary of all characters of the texts, in the
// order of their code points. It is an error if there are none, or a text is not
// UTF-8.
func NewVocabulary(texts ...string) (*Vocabulary, error) {
	seen := make(map[rune]bool)
	for k, text := range texts {
		if at, ok := invalid(text); ok {
			return nil, errors.Errorf("datasets: NewVocabulary: texts must be UTF-8, got %#x at byte %d of text %d", text[at], at, k)
		}
		for _, c := range text {
			seen[c] = true
		}
	}
	if len(seen) == 0 {
		return nil, errors.New("datasets: NewVocabulary: must have at least one character, got none")
	}
	v := &Vocabulary{ids: make(map[rune]int)}
	for c := range seen {
		v.characters = append(v.characters, c)
	}
	slices.Sort(v.characters)
	for id, c := range v.characters {
		v.ids[c] = id
	}
	return v, nil
}

// invalid returns the index of the first byte of text that is not UTF-8. All
// such bytes would be read as U+FFFD.
func invalid(text string) (at int, ok bool) {
	if utf8.ValidString(text) {
		return 0, false
	}
	for at, c := range text {
		if c != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(text[at:]); size == 1 {
			return at, true
		}
	}
	return 0, false
}

// Size returns the number of characters: ids are in [0, Size).
func (v *Vocabulary) Size() int { return len(v.characters) }

// Encode returns the ids of the characters of text. A character outside the
// vocabulary, or a byte that is not UTF-8, is an error that says where it is.
func (v *Vocabulary) Encode(text string) ([]int, error) {
	if at, ok := invalid(text); ok {
		return nil, errors.Errorf("datasets: Vocabulary: Encode: text must be UTF-8, got %#x at byte %d", text[at], at)
	}
	ids := make([]int, 0, len(text))
	for at, c := range text {
		id, ok := v.ids[c]
		if !ok {
			return nil, errors.Errorf("datasets: Vocabulary: Encode: must be one of %d characters, got %q at byte %d", v.Size(), c, at)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Decode returns the text of ids. It is an error if one is not in [0, Size).
func (v *Vocabulary) Decode(ids []int) (string, error) {
	if err := inRange(ids, v.Size()); err != nil {
		return "", errors.WithMessage(err, "datasets: Vocabulary: Decode")
	}
	var b strings.Builder
	for _, id := range ids {
		b.WriteRune(v.characters[id])
	}
	return b.String(), nil
}

// maxID is the largest id: float32 has no 2^24+1.
const maxID = 1 << 24

// Windows is a data set of windows over a sequence of ids, for models that
// predict what comes next. It is a [training.Dataset] of shape (Length): the
// input of an example is the ids in its window, and its labels are the id after
// each of them.
type Windows struct {
	IDs    []int
	Length int // ids of a window
	Stride int // from one window to the next; 0 means Length, with which each id is predicted once
}

// Len returns the number of whole windows.
func (w *Windows) Len() int {
	// The last id is a label only.
	if w.Length < 1 || w.Stride < 0 || len(w.IDs) <= w.Length {
		return 0
	}
	return (len(w.IDs)-1-w.Length)/w.stride() + 1
}

// InputShape returns the shape of one example.
func (w *Windows) InputShape() []int { return []int{w.Length} }

func (w *Windows) stride() int {
	if w.Stride == 0 {
		return w.Length
	}
	return w.Stride
}

// Gather implements [training.Dataset]: x and y have Length values for each
// index, and x holds ids as numbers. It is an error if an id is not in [0,
// 2^24], the whole numbers that float32 can distinguish.
func (w *Windows) Gather(indices []int, x []float32, y []int) error {
	if err := inRange(indices, w.Len()); err != nil {
		return errors.WithMessage(err, "datasets: Windows: Gather")
	}
	if n := len(indices) * w.Length; len(x) != n || len(y) != n {
		return errors.Errorf("datasets: Windows: Gather: x and y must have %d values for %d examples, got %d and %d", n, len(indices), len(x), len(y))
	}
	for k, i := range indices {
		from := i * w.stride()
		copy(y[k*w.Length:], w.IDs[from+1:from+1+w.Length])
		for j, id := range w.IDs[from : from+w.Length] {
			if id < 0 || id > maxID {
				return errors.Errorf("datasets: Windows: Gather: ids must be in [0, %d], got %d at %d", maxID, id, from+j)
			}
			x[k*w.Length+j] = float32(id)
		}
	}
	return nil
}
