package external

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
)

// Limits of what a program may write on its standard output, in bytes.
const (
	maxLine   = 64 << 10
	maxOutput = 16 << 20
)

// line is a line of a program's standard output: the metrics, or how much is done.
type line struct {
	Metrics map[string]float64 `json:"metrics"`
	Done    *int64             `json:"done"`
	Of      int64              `json:"of"`
}

// output reads the lines that a program writes.
type output struct {
	progress func(done, of int64)
	wrong    func(reason string) // is told the first thing that is wrong
	rest     []byte              // a line that has not ended
	lines    int
	size     int
	failed   bool
	metrics  map[string]float64
}

// Write implements [io.Writer].
func (o *output) Write(b []byte) (int, error) {
	n := len(b)
	if o.size += n; o.size > maxOutput {
		o.fail("standard output must be at most %d MiB, got more", maxOutput>>20)
	}
	for !o.failed {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			break
		}
		o.rest = append(o.rest, b[:i]...)
		b = b[i+1:]
		o.take()
	}
	if o.failed {
		return n, nil
	}
	if o.rest = append(o.rest, b...); len(o.rest) > maxLine {
		o.fail("line %d of standard output must be at most %d KiB, got more", o.lines+1, maxLine>>10)
	}
	return n, nil
}

// end is called when the program has ended as it should.
func (o *output) end() {
	if !o.failed && len(o.rest) > 0 {
		o.take()
	}
	if !o.failed && o.metrics == nil {
		o.fail(`standard output must have a line {"metrics": {…}}, got none in %d lines`, o.lines)
	}
}

func (o *output) fail(format string, args ...any) {
	if !o.failed {
		o.failed, o.rest = true, nil
		o.wrong(fmt.Sprintf(format, args...))
	}
}

// place is where configfile found an error.
var place = regexp.MustCompile(`^stdout:\d+:\d+: `)

// take reads a line.
func (o *output) take() {
	text := bytes.TrimSpace(o.rest)
	o.rest = o.rest[:0]
	o.lines++
	if len(text) == 0 {
		return
	}
	if len(text) > maxLine {
		o.fail("line %d of standard output must be at most %d KiB, got more", o.lines, maxLine>>10)
		return
	}
	var l line
	if err := configfile.JSON("stdout", text, &l); err != nil {
		why := place.ReplaceAllString(err.Error(), "")
		if bytes.Contains(text, []byte("NaN")) || bytes.Contains(text, []byte("Infinity")) {
			why = "numbers must be finite"
		}
		o.fail(`line %d of standard output must be {"metrics": {…}} or {"done": 1, "of": 10}, got %.100q: %s`, o.lines, text, why)
		return
	}
	switch {
	case (l.Metrics != nil) == (l.Done != nil):
		o.fail(`line %d of standard output must be {"metrics": {…}} or {"done": 1, "of": 10}, got %.100q`, o.lines, text)
	case o.metrics != nil:
		o.fail("line %d of standard output must come before the metrics, got %.100q after them", o.lines, text)
	case l.Metrics != nil:
		o.metrics = l.Metrics
	case *l.Done < 0 || l.Of < *l.Done:
		o.fail("line %d of standard output must have 0 <= done <= of, got %d and %d", o.lines, *l.Done, l.Of)
	default:
		o.progress(*l.Done, l.Of)
	}
}
