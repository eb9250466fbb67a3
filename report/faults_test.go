package report_test

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/fulldisk"
	"github.com/gorgonia-dropout/dropout/report"
)

// A disk that is full after any number of bytes is an error of all that writes.
func TestFullDisk(t *testing.T) {
	c := comparison(runs())
	for name, write := range map[string]func(io.Writer) error{
		"WriteTable":  c.WriteTable,
		"WriteCSV":    func(w io.Writer) error { return report.WriteCSV(w, runs()) },
		"WriteJSON":   func(w io.Writer) error { return report.WriteJSON(w, runs()) },
		"WriteHTML":   report.Page{Title: "t", Comparison: &c}.WriteHTML,
		"WriteCurves": func(w io.Writer) error { return report.WriteCurves(w, report.SVG, runs()) },
		"PNG":         func(w io.Writer) error { return report.WriteCurves(w, report.PNG, runs()) },
	} {
		var whole bytes.Buffer
		if err := write(&whole); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n := whole.Len()
		for _, room := range []int{0, 1, n / 3, n / 2, n - 1} {
			if err := write(&fulldisk.Disk{Room: room}); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%s: full after %d of %d bytes: got %v", name, room, n, err)
			}
		}
		if err := write(&fulldisk.Disk{Room: n}); err != nil {
			t.Errorf("%s: a disk that is just large enough: got %v", name, err)
		}
	}
}
