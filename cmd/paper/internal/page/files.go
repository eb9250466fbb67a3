// Package page writes the pages of experiments: tables of estimates over seeds, verdicts on
// published numbers, and where the numbers are from.
package page

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
)

// WriteFile replaces a file of a directory.
func WriteFile(dir, name string, write func(io.Writer) error) error {
	path := filepath.Join(dir, name)
	if err := atomicfile.Clean(path); err != nil {
		return errors.Wrap(err, "--out")
	}
	return errors.Wrap(atomicfile.Write(path, write), "--out")
}

// Write writes the page of an experiment, NAME.md, and shows it.
func Write(out io.Writer, dir, name, text string) error {
	err := WriteFile(dir, name+".md", func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if err == nil {
		Show(out, text, cmdline.Columns(out))
		_, err = fmt.Fprintf(out, "\nWritten to %s\n\n", dir)
	}
	return err
}
