package sums

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
)

// A Verification checks the files of a directory, all together.
type Verification struct {
	dir      string
	listed   List
	findings []finding
	seen     map[string]bool
}

// A finding is what is said of a file.
type finding struct {
	File    string `json:"file"`
	Problem string `json:"problem,omitempty"`
	Note    string `json:"note,omitempty"`
}

// NewVerification begins to verify a directory.
func NewVerification(dir string) (*Verification, error) {
	l, err := Read(dir)
	return &Verification{dir: dir, listed: l, seen: make(map[string]bool)}, err
}

// Listed reports whether a file has a checksum.
func (v *Verification) Listed(name string) bool { return len(v.listed[name]) > 0 }

// Check checks a file by its checksum and, if that is right, by more, which may be nil.
// A file that is neither listed nor there was not written yet.
func (v *Verification) Check(name string, more func() error) {
	v.seen[name] = true
	err := v.listed.Check(v.dir, name)
	if err == nil && more != nil {
		err = more()
	}
	if !v.Listed(name) && errors.Is(err, os.ErrNotExist) {
		return
	}
	f := finding{File: name}
	switch {
	case err != nil:
		f.Problem = err.Error()
	case !v.Listed(name):
		f.Note = "has no checksum of its own in " + File
	}
	v.findings = append(v.findings, f)
}

// Rest checks the listed files that were not checked yet.
func (v *Verification) Rest() {
	for _, name := range slices.Sorted(maps.Keys(v.listed)) {
		if !v.seen[name] {
			v.Check(name, nil)
		}
	}
}

// Report writes a line for each file, or a list as JSON, and returns an error if there
// is a problem with one.
func (v *Verification) Report(to io.Writer, asJSON bool) error {
	if err := v.write(to, asJSON); err != nil {
		return err
	}
	bad := 0
	for _, f := range v.findings {
		if f.Problem != "" {
			bad++
		}
	}
	if bad > 0 {
		return errors.Errorf("%s: %d of %d files must be whole and of this run", v.dir, bad, len(v.findings))
	}
	return nil
}

func (v *Verification) write(to io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(to).Encode(v.findings)
	}
	t := tabwriter.NewWriter(to, 0, 0, 3, ' ', 0)
	for _, f := range v.findings {
		state := "whole"
		if f.Problem != "" {
			state = f.Problem
		} else if f.Note != "" {
			state += ", " + f.Note
		}
		fmt.Fprintf(t, "%s\t%s\n", plaintext.Line(f.File), plaintext.Line(state))
	}
	return t.Flush()
}
