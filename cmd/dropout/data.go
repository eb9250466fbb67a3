package main

import (
	"crypto/sha256"
	"encoding/binary"
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

	"github.com/gorgonia-dropout/dropout/datasets"
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
		return s.loadImages()
	case len(s.Target) == 0 && plan == nil && slices.Contains([]string{".txt", ".text", ".md"}, strings.ToLower(filepath.Ext(s.Data))):
		return s.loadText()
	}
	return s.loadTable(plan)
}

// loadImages reads a folder of images.
func (s *settings) loadImages() (*data, error) {
	if s.Size < 8 || s.Size > 256 || s.Size%4 != 0 {
		return nil, cmdline.Usagef("--size must be a multiple of 4 in [8, 256], got %d", s.Size)
	}
	gray, err := datasets.ImageFolder{Height: s.Size, Width: s.Size}.Open(s.Data)
	if err != nil {
		return nil, cmdline.Usage(err)
	}
	channels := "in colour"
	if n := s.Size * s.Size; isGray(gray.X, n) {
		// One channel says as much as three.
		one := make([]float32, 0, len(gray.X)/3)
		for i := 0; i < len(gray.X); i += 3 * n {
			one = append(one, gray.X[i:i+n]...)
		}
		gray.X, gray.Shape, channels = one, []int{1, s.Size, s.Size}, "in grey"
	}
	d := &data{Subject: &compare.Images{Images: gray}, rows: gray.Len()}
	d.notes = []string{fmt.Sprintf("%s: %s of %s (%s), scaled to %d by %d pixels, %s.", filepath.Base(s.Data), count(gray.Len(), "image", "images"),
		count(len(gray.Classes), "class", "classes"), names(gray.Classes), s.Size, s.Size, channels)}
	h := sha256.New()
	for i, name := range gray.Files {
		fmt.Fprintln(h, name, gray.Y[i])
	}
	if err := binary.Write(h, binary.LittleEndian, gray.X); err != nil {
		return nil, err
	}
	d.digest = hex.EncodeToString(h.Sum(nil))
	return d, nil
}

// isGray reports whether the three channels of all images, of n pixels each, are the same.
func isGray(x []float32, n int) bool {
	for i := 0; i < len(x); i += 3 * n {
		if !slices.Equal(x[i:i+n], x[i+n:i+2*n]) || !slices.Equal(x[i:i+n], x[i+2*n:i+3*n]) {
			return false
		}
	}
	return true
}

// loadText reads a text.
func (s *settings) loadText() (*data, error) {
	d := new(data)
	var err error
	if d.digest, err = digest(s.Data); err != nil {
		return nil, err
	}
	f, err := datafile.Open(s.Data)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	most := s.Characters
	if most < 1 || most > 1<<28 {
		return nil, cmdline.Usagef("--characters must be in [1, %d], got %d", 1<<28, most)
	}
	b, err := io.ReadAll(io.LimitReader(f, utf8.UTFMax*int64(most)))
	if err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	all := []rune(text)
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
	d.notes = []string{fmt.Sprintf("%s: a text with %d different characters. To predict: the next character.%s", filepath.Base(s.Data), len(book.Characters), note)}
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
