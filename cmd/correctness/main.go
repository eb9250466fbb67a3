// Command correctness compares the outputs and gradients of gorgonia.Dropout and
// ops.Dropout with central differences.
package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/ops"
)

const description = `Compare the outputs and gradients of gorgonia.Dropout and ops.Dropout with central differences, at several rates.

Exit codes: 0 done, 1 failed, 2 wrong usage.`

// cli is the grammar of the command line, which has no flags except --help.
type cli struct{}

func main() { commandLine().Main() }

func commandLine() cmdline.Program {
	return cmdline.Program{Name: "correctness", Description: description, Grammar: &cli{}}
}

// input is what both ops are applied to.
var input = []float64{1, -2, 3, -4}

// Run is called by kong.
func (cli) Run(to *cmdline.Console) error {
	w, columns := to.Out, cmdline.Columns(to.Out)
	intro := fmt.Sprintf("Dropout of x = %v: the output, the gradient of its sum with respect to x by\n", input) +
		"gorgonia.Grad, and the same by central differences with the mask of that run."
	if columns > 0 {
		intro = cmdline.Wrap(intro, columns-1)
	}
	fmt.Fprintf(w, "%s\n\n", intro)
	rows := [][]string{{"p", "op", "output", "gradient", "central differences", ""}}
	for _, p := range []float64{0, 0.2, 0.5, 0.8} {
		for _, op := range []struct {
			name  string
			apply func(x *gorgonia.Node) (*gorgonia.Node, error)
		}{
			{"gorgonia.Dropout", func(x *gorgonia.Node) (*gorgonia.Node, error) { return gorgonia.Dropout(x, p) }},
			{"ops.Dropout", func(x *gorgonia.Node) (*gorgonia.Node, error) { return ops.Dropout(x, p, ops.WithSeed(12)) }},
		} {
			m, err := measure(op.apply)
			if err != nil {
				return errors.Wrapf(err, "%s at p = %v", op.name, p)
			}
			rows = append(rows, []string{fmt.Sprint(p), op.name, list(m.output), list(m.gradient), list(m.numeric), m.verdict()})
		}
	}
	return write(w, rows, columns)
}

// write writes the table. On a terminal without room for it, p and the op are one
// column, beside which the others stand in several parts.
func write(w io.Writer, rows [][]string, columns int) error {
	const width = 115 // of the whole table
	if columns > 0 && columns < width {
		for i, r := range rows {
			rows[i] = []string{fmt.Sprintf("%-3s  %s", r[0], r[1])}
			for _, cell := range r[2:] {
				rows[i] = append(rows[i], strings.TrimRight(cell, " "))
			}
		}
		cmdline.DrawTable(w, rows, columns-1)
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(t, strings.Join(r, "\t"))
	}
	return errors.Wrap(t.Flush(), "correctness")
}

type measured struct{ output, gradient, numeric []float64 }

// measure runs the op forward and backward once, then forward with each element
// moved up and down. The built-in op draws a new mask whenever it runs and
// offers no way to repeat one, so its runs are repeated until chance gives the
// mask of the first run again.
func measure(apply func(*gorgonia.Node) (*gorgonia.Node, error)) (m measured, err error) {
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, vector(input), gorgonia.WithName("x"))
	y, err := apply(x)
	if err != nil {
		return m, err
	}
	sum, err := gorgonia.Sum(y)
	if err != nil {
		return m, err
	}
	grads, err := gorgonia.Grad(sum, x)
	if err != nil {
		return m, err
	}
	machine := gorgonia.NewTapeMachine(g)
	defer machine.Close()
	// A run that drops everything shows nothing.
	for m.output == nil || !slices.ContainsFunc(m.output, func(v float64) bool { return v != 0 }) {
		machine.Reset()
		if err := machine.RunAll(); err != nil {
			return m, err
		}
		m.output = slices.Clone(y.Value().Data().([]float64))
	}
	m.gradient = slices.Clone(grads[0].Value().Data().([]float64))

	args := []gorgonia.Value{nil}
	repeats := y.Op().Arity() == 2
	if repeats {
		args = append(args, gorgonia.NewI64(0)) // the step of the run above
	}
	at := func(i int, delta float64) (float64, error) {
		moved := slices.Clone(input)
		moved[i] += delta
		args[0] = vector(moved)
		for range 1_000_000 {
			out, err := y.Op().Do(args...)
			if err != nil {
				return 0, err
			}
			if data := out.Data().([]float64); repeats || sameMask(data, m.output) {
				total := 0.0
				for _, v := range data {
					total += v
				}
				return total, nil
			}
		}
		return 0, errors.New("the mask of the first run did not recur in a million runs")
	}
	const h = 1e-6
	for i := range input {
		above, err := at(i, h)
		if err != nil {
			return m, err
		}
		below, err := at(i, -h)
		if err != nil {
			return m, err
		}
		m.numeric = append(m.numeric, (above-below)/(2*h))
	}
	return m, nil
}

// sameMask reports whether two outputs drop the same elements.
func sameMask(a, b []float64) bool {
	for j := range a {
		if (a[j] == 0) != (b[j] == 0) {
			return false
		}
	}
	return true
}

func vector(x []float64) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(slices.Clone(x)))
}

func list(x []float64) string {
	s := ""
	for _, v := range x {
		s += fmt.Sprintf("%6.3g ", v+0) // +0 makes -0 plain
	}
	return s
}

func (m measured) verdict() string {
	for i := range m.gradient {
		if math.Abs(m.gradient[i]-m.numeric[i]) > 1e-6*max(1, math.Abs(m.numeric[i])) {
			return "wrong"
		}
	}
	return "right"
}
