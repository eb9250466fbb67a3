package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// result is all that one run of the command found.
type result struct {
	Date      string      `json:"date"`
	Machine   about       `json:"machine"`
	LoadAfter string      `json:"load_after,omitempty"`
	Rounds    int         `json:"rounds"`
	Turn      string      `json:"turn"`
	Cases     []*measured `json:"cases"`
	Reach     []reached   `json:"reach"`
}

// headings are those of the groups.
var headings = map[string]string{
	"op-1M":  "Dropout of 1,048,576 float32, p = 0.5",
	"op-16M": "Dropout of 16,777,216 float32, p = 0.5",
	"mlp":    "Training step, 784-1024-1024-1024-10, batch 128, dropout 0.5, SGD with momentum",
	"cnn":    "Training step, convolutions of 32 and 64 filters 3×3, pooling, 128 units; 28×28, batch 64",
	"epoch":  "Epoch of the MLP, 1280 images of MNIST",
	"width":  "Growth with width: step of the MLP with dropout",
	"batch":  "Growth with the batch: step of the MLP with dropout",
	"data":   "Growth with the data: epoch of the MLP with dropout",
}

// print writes the tables.
func (r *result) print(out io.Writer) error {
	fmt.Fprintf(out, "%s. %s\n", r.Date, r.Machine)
	if r.Machine.Load != "" {
		fmt.Fprintf(out, "Processes that wanted to run, mean of a minute: %s before and %s after.\n", r.Machine.Load, r.LoadAfter)
	}
	fmt.Fprintf(out, "%d rounds of %s per case in turns, fastest step of each; medians, quartiles in brackets.\n", r.Rounds, r.Turn)
	for i, m := range r.Cases {
		if i == 0 || m.Group != r.Cases[i-1].Group {
			if err := r.printGroup(out, m.Group); err != nil {
				return err
			}
		}
	}
	return printReach(out, r.Reach)
}

// printGroup writes the table of a group. Ratios are to its first case that was
// measured.
func (r *result) printGroup(out io.Writer, group string) error {
	fmt.Fprintf(out, "\n%s\n\n", headings[group])
	w := newColumns(out)
	fmt.Fprintln(w, "case\twhat\tms\t\tratio\t\tKiB/step\tpeak MiB")
	var first *measured
	for _, m := range r.Cases {
		if m.Group != group {
			continue
		}
		if m.Error != "" {
			fmt.Fprintf(w, "%s\t%s\t-\n", m.Name, m.Title)
			continue
		}
		if first == nil {
			first = m
		}
		t, q := quartilesOf(m.times()), ratios(m.times(), first.times())
		last := m.Rounds[len(m.Rounds)-1]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Name, m.Title,
			number(t.Median/1e6), spread(t, 1e6), number(q.Median), spread(q, 1), kib(m.bytes()), mib(last.Peak))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, m := range r.Cases {
		if m.Group == group && m.Error != "" {
			fmt.Fprintf(out, "%s: not measured: %s\n", m.Name, m.Error)
		}
	}
	return nil
}

func printReach(out io.Writer, rows []reached) error {
	fmt.Fprintf(out, "\nReach: medians over the rounds, and the ratio of the fastest steps of all rounds\n\n")
	w := newColumns(out)
	fmt.Fprintln(w, "what\taim\tmeasured\t\tmet\tfastest\tagainst")
	for _, row := range rows {
		bound, sign := number(row.Bound), "≤"
		if row.AtLeast {
			sign = "≥"
		}
		if row.Measured == nil {
			fmt.Fprintf(w, "%s\t%s %s\tnot measured\t\t\t\t\n", row.Title, sign, bound)
			continue
		}
		met := "no"
		if row.Met {
			met = "yes"
		}
		fastest := ""
		if !row.Bytes {
			fastest = number(row.Fastest)
		}
		fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\t%s\t%s\t%s\n", row.Title, sign, bound,
			number(row.Measured.Median), spread(*row.Measured, 1), met, fastest, row.Against)
	}
	return w.Flush()
}

// columns lines up cells that end in tabs, without spaces at the ends of lines.
type columns struct {
	*tabwriter.Writer
	out  io.Writer
	text strings.Builder
}

func newColumns(out io.Writer) *columns {
	c := &columns{out: out}
	c.Writer = tabwriter.NewWriter(&c.text, 0, 0, 2, ' ', 0)
	return c
}

// Flush writes what there is.
func (c *columns) Flush() error {
	if err := c.Writer.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(c.text.String()) {
		if _, err := fmt.Fprintln(c.out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// number writes x with three digits or more.
func number(x float64) string {
	switch a := math.Abs(x); {
	case math.IsNaN(x):
		return "-"
	case a >= 100 || a == math.Trunc(a):
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	case a >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

// spread writes the outer quartiles in a unit.
func spread(q quartiles, unit float64) string {
	return "[" + number(q.Low/unit) + ", " + number(q.High/unit) + "]"
}

func kib(bytes []float64) string { return number(quartilesOf(bytes).Median / 1024) }

func mib(kib int) string {
	if kib == 0 {
		return "-"
	}
	return number(math.Round(float64(kib) / 1024))
}
