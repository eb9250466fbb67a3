package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// data are what is compared on.
type data struct {
	compare.Subject
	table  *tabular.Table // nil for images and text
	plan   *tabular.Plan
	rows   int
	files  []string // of images
	notes  []string // what was done to the data
	digest string
}

// experiment returns the experiment of settings on the data. The zero length stands for that
// of the settings or, as far as they leave it open, the usual one.
func (d *data) experiment(s *settings, length compare.Length, store *compare.Store, workers int) (*compare.Experiment, error) {
	e, err := compare.New(d.Subject, s.splitting(), length, store, workers)
	if err != nil {
		return nil, err
	}
	if length == (compare.Length{}) {
		e.Length = e.Length.With(s.Epochs, s.Batch)
	}
	return e, nil
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
		return s.loadFolder()
	case len(s.Target) == 0 && plan == nil && isText(s.Data):
		return s.loadText([]string{s.Data})
	}
	return s.loadTable(plan)
}

// isText reports whether a file is a text, as its name ends.
func isText(name string) bool {
	return slices.Contains([]string{".txt", ".text", ".md"}, strings.ToLower(filepath.Ext(strings.TrimSuffix(name, ".gz"))))
}

// filesIn returns the files in a folder and its subfolders for which a name will do, in
// order. What begins with a dot is left out.
func filesIn(dir string, will func(name string) bool) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch hidden := strings.HasPrefix(e.Name(), ".") && path != dir; {
		case err != nil:
			return err
		case hidden && e.IsDir():
			return fs.SkipDir
		case !hidden && !e.IsDir() && will(e.Name()):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// readText reads at most about the given number of characters of a text.
func readText(path string, most int) (string, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, utf8.UTFMax*int64(most)))
	return strings.TrimPrefix(string(b), "\ufeff"), err
}

// loadText reads a text, of one file or of several in a folder.
func (s *settings) loadText(files []string) (*data, error) {
	most := s.Characters
	if most < 1 || most > 1<<28 {
		return nil, cmdline.Usagef("--characters must be in [1, %d], got %d", 1<<28, most)
	}
	d := new(data)
	var all []rune
	h := sha256.New()
	for _, path := range files {
		// All that may change the results, and no more.
		sum, err := digest(path)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(h, sum)
		d.digest = sum
		text, err := readText(path, most)
		if err != nil {
			return nil, err
		}
		if !utf8.ValidString(text) && len(text) < utf8.UTFMax*most {
			return nil, cmdline.Usagef("%q must be UTF-8 text", path)
		}
		if len(all) > 0 {
			all = append(all, '\n')
		}
		all = append(all, []rune(text)...)
	}
	name := filepath.Base(s.Data) + ": a text"
	if len(files) > 1 {
		d.digest = hex.EncodeToString(h.Sum(nil))
		name = fmt.Sprintf("%s: a text of %d files", filepath.Base(s.Data), len(files))
	}
	note := ""
	if len(all) > most {
		all = all[:most]
		note = fmt.Sprintf(" The first %s are used; --characters takes more.", thousands(most))
	}
	book, err := compare.NewBook(string(all))
	if err != nil {
		return nil, cmdline.Usage(errors.WithMessagef(err, "%q", s.Data))
	}
	d.Subject, d.rows = book, book.Windows.Len()
	d.notes = []string{fmt.Sprintf("%s with %d different characters. To predict: the next character.%s", name, len(book.Characters), note)}
	return d, nil
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
		if whole := strings.Join(s.Target, ","); slices.Contains(d.table.Names, whole) {
			s.Target = []string{whole} // a name with commas
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
	switch {
	case d.Kind() == compare.Text:
		w.Inputs = "characters"
	case d.table == nil:
		w.Inputs = "channels"
	}
	return w
}
