package compare

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// A Passage is a window of the test part of a text, with how much it surprised the network.
type Passage struct {
	First int // place of its first character in the text, from 0
	Text  string
	NLL   float64 // mean negative log-likelihood of its characters, in nats
	// Character surprised most, by its negative log-likelihood Surprise, where Likeliest was
	// the most probable.
	Character, Likeliest rune
	Surprise             float64
}

// Passages returns those of the test parts that surprised the networks of an arm most, at most
// so many, the worst first. Nil where the subject is no text.
func (e *Experiment) Passages(ctx context.Context, o *Outcome, arm Arm, most int) ([]Passage, error) {
	book, ok := e.Subject.(*Book)
	if !ok {
		return nil, nil
	}
	var all []Passage
	for _, split := range o.Splits {
		p, err := e.part(split)
		if err != nil {
			return nil, err
		}
		t, ok := e.Chosen(split, arm)
		if !ok {
			return nil, nil
		}
		f := &Final{Kind: Text, Arm: arm, Input: p.Input, Outputs: book.Outputs(), Names: book.Names()}
		if f.Model, err = e.load(p, t); err != nil {
			return nil, err
		}
		// The window before a test part is in no part: here it is what comes before.
		test := e.Splits[split].Test
		from := max(0, test[0]-1) * windowLength
		r, err := f.Read(ctx, book.between(from, (test[len(test)-1]+1)*windowLength+1), 0)
		if err != nil {
			return nil, err
		}
		for _, window := range test {
			first := window*windowLength + 1
			_, nll, _ := r.Between(first-from, first-from+windowLength)
			w := Passage{First: first, Text: book.between(first, first+windowLength), NLL: nll}
			for i := first - from; i < first-from+windowLength; i++ {
				if r.NLL[i] > w.Surprise {
					w.Character, w.Likeliest, w.Surprise = r.Characters[i], r.Likeliest[i], r.NLL[i]
				}
			}
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b Passage) int { return cmp.Compare(b.NLL, a.NLL) })
	return all[:min(len(all), most)], nil
}

// between returns the characters from one place to another.
func (b *Book) between(from, to int) string {
	var s strings.Builder
	for _, id := range b.Windows.IDs[from:to] {
		s.WriteString(b.Characters[id])
	}
	return s.String()
}
