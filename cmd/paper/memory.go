package main

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training"
)

// fits says what the trainings of studies take in memory, which run so many at a time, and
// returns an error if there is too little.
func (c *cli) fits(chosen []study, s *sets, trainings int) (said string, err error) {
	var largest training.Memory
	for _, of := range chosen {
		m, err := s.largest(c.budget(of.budgets[c.Budget]), of, c.Row)
		if err != nil {
			return "", errors.Wrap(err, of.name)
		}
		if m.Total() > largest.Total() {
			largest = m
		}
	}
	return c.Trainings(largest, trainings)
}

// largest returns what the training of a study takes that takes most, of the named rows or
// of all.
func (s *sets) largest(b budget, of study, rows []string) (training.Memory, error) {
	var largest training.Memory
	// Many arms have the same data.
	type part struct {
		set    string
		images int
	}
	read := make(map[part]training.Data)
	for _, a := range of.arms(b) {
		if len(rows) > 0 && !slices.Contains(rows, a.Name) {
			continue
		}
		if a.Images == 0 {
			a.Images = b.Images
		}
		at := part{images: a.Images}
		if a.Variant != nil {
			at.set = a.Variant.Set
		}
		data, ok := read[at]
		if !ok {
			var err error
			if data, err = s.data(trial{Arm: a, Seed: 1, Budget: b}); err != nil {
				return largest, errors.WithMessage(err, a.Name)
			}
			read[at] = data
		}
		t, err := a.trainer(b.Shrink, b.Updates, a.Images, a.Rate, 1, models.AsSketch())
		if err != nil {
			return largest, errors.WithMessage(err, a.Name)
		}
		m, err := t.Memory(data)
		if err != nil {
			return largest, errors.WithMessage(err, a.Name)
		}
		if m.Total() > largest.Total() {
			largest = m
		}
	}
	return largest, nil
}
