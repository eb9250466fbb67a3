package report

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
)

// Notebook kernels for Go look for the methods SVG, PNG and HTML in the value
// of a cell (gophernotes), or their display functions take what these return
// (GoNB). A figure or comparison that cannot be drawn shows the reason.

// SVG returns the figure as an SVG document.
func (f *Figure) SVG() string {
	var b strings.Builder
	if err := WriteFigure(&b, SVG, f); err != nil {
		return `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="24"><text y="16">` + html.EscapeString(err.Error()) + `</text></svg>`
	}
	return b.String()
}

// PNG returns the figure as a PNG file, or nil if it cannot be drawn.
func (f *Figure) PNG() []byte {
	var b bytes.Buffer
	if WriteFigure(&b, PNG, f) != nil {
		return nil
	}
	return b.Bytes()
}

// HTML returns the finding and the table of the comparison as HTML.
func (c Comparison) HTML() string {
	var table strings.Builder
	if err := c.WriteTable(&table); err != nil {
		return "<p>" + html.EscapeString(err.Error()) + "</p>"
	}
	return "<p>" + html.EscapeString(c.Finding()) + "</p><pre>" + html.EscapeString(table.String()) + "</pre>"
}

// SavePNG writes the figure to the file name.png in dir, which it creates if
// needed, and the file's path to w. It is meant for scripts.
func SavePNG(w io.Writer, dir, name string, f *Figure) error {
	var b bytes.Buffer
	if err := WriteFigure(&b, PNG, f); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return errors.Wrap(err, "report: SavePNG")
	}
	path := filepath.Join(dir, name+".png")
	err := atomicfile.Write(path, func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	})
	if err != nil {
		return errors.Wrap(err, "report: SavePNG")
	}
	_, err = fmt.Fprintf(w, "%s: %s\n", f.Title, path)
	return errors.Wrap(err, "report: SavePNG")
}
