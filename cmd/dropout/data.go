package main

import (
	"io/fs"
	"os"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// data are what is compared on.
type data struct {
	compare.Subject
	table  *tabular.Table // nil for images and text
	plan   *tabular.Plan
	rows   int
	notes  []string // what was done to the data
	digest string
}

// load reads the data of the settings. A plan takes the place of guesses.
func (s *settings) load(plan *tabular.Plan) (*data, error) {
	info, err := os.Stat(s.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cmdline.Usagef("%q must be a file or a folder, and there is none", s.Data)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return nil, cmdline.Usagef("%q must be a table, got a folder", s.Data)
	}
	return s.loadTable(plan)
}

func (s *settings) loadTable(plan *tabular.Plan) (*data, error) {
	format, err := s.format()
	if err != nil {
		return nil, err
	}
	d := &data{plan: plan}
	if d.digest, err = digest(s.Data); err != nil {
		return nil, err
	}
	if d.table, err = tabular.Open(s.Data, format); err != nil {
		return nil, err
	}
	d.notes = d.table.Notes
	if plan == nil {
		if len(s.Target) == 0 {
			return nil, cmdline.Usagef("--target must name the column to predict, one of %s", names(d.table.Names))
		}
		if d.plan, err = tabular.Guess(d.table, s.wishes()); err != nil {
			return nil, cmdline.Usage(err)
		}
	}
	if err := d.plan.Check(d.table); err != nil {
		return nil, cmdline.Usage(err)
	}
	rows, err := d.plan.Rows(d.table)
	if err != nil {
		return nil, err
	}
	d.rows = len(rows)
	d.Subject = &compare.Table{Table: d.table, Plan: d.plan}
	return d, nil
}

// wording returns how scores are written.
func (d *data) wording() compare.Wording {
	w := compare.Wording{Kind: d.Kind()}
	if d.Kind() == compare.Numbers {
		w.Many = d.Outputs() > 1
	}
	return w
}
