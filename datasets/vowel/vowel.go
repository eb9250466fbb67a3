// Package vowel embeds Deterding's vowels in a program: the eleven steady
// vowels of British English, each said six times by 15 speakers, as numbers
// that describe the spectrum of the sound (log area ratios). The file lacks the
// second of the ten numbers that were published, so results cannot be compared
// with the literature.
//
// D. Deterding, M. Niranjan and A. J. Robinson made it (UCI Machine Learning
// Repository, Connectionist Bench (Vowel Recognition - Deterding Data), DOI
// 10.24432/C58P4S). It is available under the Creative Commons Attribution 4.0
// licence, which a program that embeds it must respect; see README.md beside
// this file.
package vowel

import (
	_ "embed" // the data
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
)

//go:embed vowel.csv
var file string

// TrainSpeakers and TestSpeakers return the group numbers of the two parts of
// the published split: 528 examples of four men and four women, and 462 of four
// men and three women who are not heard in training.
func TrainSpeakers() []int { return []int{0, 1, 2, 3, 4, 5, 6, 7} }

// TestSpeakers returns the groups to test on; see [TrainSpeakers].
func TestSpeakers() []int { return []int{8, 9, 10, 11, 12, 13, 14} }

// Load returns the 990 examples of shape (9): 66 from each speaker, 6 of each
// of the 11 vowels. Speakers are the groups. Each call returns a new table.
func Load() (*datasets.Table, error) {
	c := datasets.CSV{
		Label: "Class", Group: "V1",
		Classes: []string{"hid", "hId", "hEd", "hAd", "hYd", "had", "hOd", "hod", "hUd", "hud", "hed"},
	}
	t, err := c.Read(strings.NewReader(file))
	return t, errors.WithMessage(err, "vowel: Load")
}

// Split returns the indices of the published training and test parts, which
// have different speakers.
func Split(t *datasets.Table) (train, test []int) {
	return datasets.Where(t.Groups, TrainSpeakers()...), datasets.Where(t.Groups, TestSpeakers()...)
}
