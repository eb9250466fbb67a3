package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
)

// write replaces the file by its fixed text or, if diff is set, writes the
// difference to w. A text that would not be Go any more is an error, and the
// file stays.
func (s *source) write(w io.Writer, diff bool) error {
	fixed, err := s.fixed()
	if err != nil {
		return err
	}
	if _, err := parser.ParseFile(token.NewFileSet(), s.name, fixed, parser.SkipObjectResolution); err != nil {
		return errors.Wrapf(err, "%s cannot be fixed", s.name)
	}
	if diff {
		return errors.Wrap(s.diff(w), "writing the difference")
	}
	return errors.Wrap(s.replace(fixed), "writing a fixed file")
}

// replace replaces the file, or the one that it is a link to, which keeps its
// mode.
func (s *source) replace(text []byte) error {
	path, err := filepath.EvalSymlinks(s.name)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	err = atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	return os.Chmod(path, info.Mode())
}

// fixed returns the text after all edits. Lines that are new end as the file's
// first does.
func (s *source) fixed() ([]byte, error) {
	var out bytes.Buffer
	at := 0
	for _, e := range s.edits {
		if e.start < at {
			return nil, errors.Errorf("%s: changes must not overlap, got one at byte %d within another", s.name, e.start)
		}
		out.Write(s.text[at:e.start])
		out.WriteString(s.ended(e.text))
		at = e.end
	}
	out.Write(s.text[at:])
	return out.Bytes(), nil
}

// ended returns a text with the line ends of the file.
func (s *source) ended(text string) string {
	if end := bytes.IndexByte(s.text, '\n'); end > 0 && s.text[end-1] == '\r' {
		return strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// line extends a range to the whole line, with its end, if nothing else is on
// it.
func (s *source) line(start, end int) (int, int) {
	from := bytes.LastIndexByte(s.text[:start], '\n') + 1
	to := bytes.IndexByte(s.text[end:], '\n')
	if to < 0 || len(bytes.TrimSpace(s.text[from:start])) > 0 || len(bytes.TrimSpace(s.text[end:end+to])) > 0 {
		return start, end
	}
	return from, end + to + 1
}

// blankBefore reports whether an empty line or the beginning of a group comes
// before a line.
func (s *source) blankBefore(start int) bool {
	before := bytes.TrimRight(s.text[:start], " \t\r\n")
	return bytes.HasSuffix(before, []byte("(")) || bytes.Count(s.text[len(before):start], []byte("\n")) > 1
}

// diff writes what the edits change: for each run of lines the old ones and the
// new ones, as in a unified diff without context.
func (s *source) diff(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "--- %s\n+++ %s\n", s.name, s.name); err != nil {
		return err
	}
	shift := 0 // lines that earlier hunks have added
	for i := 0; i < len(s.edits); {
		start, end := s.lines(s.edits[i])
		j := i + 1
		for ; j < len(s.edits); j++ {
			from, to := s.lines(s.edits[j])
			if from >= end {
				break
			}
			end = max(end, to)
		}
		part := source{text: s.text[start:end]}
		for _, e := range s.edits[i:j] {
			part.edits = append(part.edits, edit{e.start - start, e.end - start, s.ended(e.text)})
		}
		fixed, err := part.fixed()
		if err != nil {
			return err
		}
		before, after := lines(part.text), lines(fixed)
		first := 1 + bytes.Count(s.text[:start], []byte("\n"))
		if _, err := fmt.Fprintf(w, "@@ -%d,%d +%d,%d @@\n", first, len(before), first+shift, len(after)); err != nil {
			return err
		}
		shift += len(after) - len(before)
		if err := prefixed(w, "-", before); err != nil {
			return err
		}
		if err := prefixed(w, "+", after); err != nil {
			return err
		}
		i = j
	}
	return nil
}

// lines returns the range of the whole lines that an edit touches.
func (s *source) lines(e edit) (start, end int) {
	start = bytes.LastIndexByte(s.text[:e.start], '\n') + 1
	end = e.end
	if end > start && s.text[end-1] == '\n' {
		return start, end
	}
	if n := bytes.IndexByte(s.text[end:], '\n'); n >= 0 {
		return start, end + n + 1
	}
	return start, len(s.text)
}

// lines returns the lines of a text without their ends.
func lines(text []byte) (all []string) {
	for line := range strings.Lines(string(text)) {
		all = append(all, strings.TrimRight(line, "\r\n"))
	}
	return all
}

func prefixed(w io.Writer, sign string, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintf(w, "%s%s\n", sign, line); err != nil {
			return err
		}
	}
	return nil
}

// mentions reports whether a text has a name with a selector: name.X.
func mentions(text, name string) bool {
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\.`).MatchString(text)
}
