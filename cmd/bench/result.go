package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// result is all that one run of the command found.
type result struct {
	Date      string      `json:"date"`
	Machine   about       `json:"machine"`
	Libraries []string    `json:"libraries,omitempty"`
	LoadAfter string      `json:"load_after,omitempty"`
	Rounds    int         `json:"rounds"`
	Turn      string      `json:"turn"`
	Cases     []*measured `json:"cases"`
	Targets   []reached   `json:"targets"`
}

// headings returns those of the groups.
func headings() map[string]string {
	all := map[string]string{
		"fma":         "Limit: fused multiply-adds in registers",
		"copy":        "Limit: copying memory as large as the MLP's parameters, gradients and velocities",
		"op-1M":       "Dropout of 1,048,576 float32, p = 0.5",
		"op-16M":      "Dropout of 16,777,216 float32, p = 0.5",
		"products":    "Matrix products of a training step, 784-1024-1024-1024-10, batch 128",
		"square":      "Matrix product, 1024×1024×1024",
		"mlp":         "Training step, 784-1024-1024-1024-10, batch 128, dropout 0.5, SGD with momentum",
		"cnn":         "Training step, convolutions of 32 and 64 filters 3×3, pooling, 128 units; 28×28, batch 64",
		"lstm":        "Training step of the LSTM of examples/language: 64 units, 32 characters, batch 8, Adam",
		"transformer": "Training step of the Transformer of examples/language: 2 blocks of width 64, 32 characters, batch 8, Adam",
		"pair":        "Two trainings of 784-256-256-10, batch 100, twenty steps of each",
		"epoch":       "Epoch of the MLP, 1280 images of MNIST",
		"width":       "Growth with width: step of the MLP with dropout",
		"batch":       "Growth with the batch: step of the MLP with dropout",
		"threads":     "Growth with threads: step of the MLP with dropout",
		"data":        "Growth with the data: epoch of the MLP with dropout",
	}
	for _, m := range smallNetworks {
		all[m.String()] = fmt.Sprintf("Training step, %v, batch %d, dropout 0.5, SGD with momentum", m, m.batch)
	}
	for _, batch := range inferenceBatches {
		all[fmt.Sprint("inference-", batch)] = "Predictions of 784-1024-1024-1024-10 for " + count(batch, "example")
	}
	for _, p := range (mlp{}).products() {
		all["product-"+p.String()] = "Matrix product " + p.String() + " (rows × columns × inner, T: stored transposed)"
	}
	return all
}

// print writes the tables, as Markdown if asked for.
func (r *result) print(out io.Writer, markdown bool) error {
	lines := slices.Concat([]string{r.Date + ". " + r.Machine.String()}, r.Libraries, r.others())
	if r.Machine.Load != "" {
		lines = append(lines, fmt.Sprintf("Load average (1 min): %s before and %s after.", r.Machine.Load, r.LoadAfter))
	}
	lines = append(lines, fmt.Sprintf("%d rounds of %s per case in turns, fastest step of each; medians, quartiles in brackets.", r.Rounds, r.Turn))
	list(out, lines, markdown)
	for i, m := range r.Cases {
		if i == 0 || m.Group != r.Cases[i-1].Group {
			if err := r.printGroup(out, m.Group, markdown); err != nil {
				return err
			}
		}
	}
	if err := printTargets(out, r.Targets, markdown); err != nil {
		return err
	}
	if lines := r.missingLines(); len(lines) > 0 {
		fmt.Fprintln(out)
		list(out, lines, markdown)
	}
	return nil
}

// list writes lines, which Markdown would join.
func list(out io.Writer, lines []string, markdown bool) {
	for _, l := range lines {
		if markdown {
			l = "- " + l
		}
		fmt.Fprintln(out, l)
	}
}

// others are what PyTorch's and GoMLX's processes said about themselves.
func (r *result) others() []string {
	var all []string
	for _, m := range r.Cases {
		if len(m.Rounds) == 0 || strings.HasPrefix(m.Rounds[0].About, "BLAS: ") {
			continue
		}
		if a := m.Rounds[0].About; !slices.Contains(all, a+".") {
			all = append(all, a+".")
		}
	}
	return all
}

// title writes a heading.
func title(out io.Writer, text string, markdown bool) {
	if markdown {
		text = "### " + text
	}
	fmt.Fprintf(out, "\n%s\n\n", text)
}

// printGroup writes the table of a group. Ratios are to its first case that was
// measured.
func (r *result) printGroup(out io.Writer, group string, markdown bool) error {
	title(out, headings()[group], markdown)
	s := &sheet{header: []string{"case", "what", "ms", "", "ratio", "", "KiB/step", "peak MiB"}}
	var first *measured
	rates := false
	for _, m := range r.Cases {
		if m.Group != group {
			continue
		}
		if m.Error != "" {
			s.add(m.Name, m.Title, "-")
			continue
		}
		first = cmp.Or(first, m)
		t, q := quartilesOf(m.times()), ratios(m.times(), first.times())
		last := m.Rounds[len(m.Rounds)-1]
		row := []string{m.Name, m.Title, number(t.Median / 1e6), spread(t, 1e6), number(q.Median), spread(q, 1), kib(m.bytes()), mib(last.Peak)}
		if m.Amount != nil {
			rates = true
			row = append(row, number(m.Amount.Of/(t.Median/1e9))+" "+m.Amount.Unit)
		}
		s.add(row...)
	}
	if rates {
		s.header = append(s.header, "speed")
	}
	return s.write(out, markdown)
}

func printTargets(out io.Writer, rows []reached, markdown bool) error {
	title(out, "Targets: medians over the rounds, and the ratio of the fastest steps of all rounds", markdown)
	s := &sheet{header: []string{"what", "target", "measured", "", "met", "fastest", "ours", "against"}}
	for _, row := range rows {
		bound, sign := number(row.Bound), "≤"
		if row.AtLeast {
			sign = "≥"
		}
		if row.Measured == nil {
			s.add(row.Title, sign+" "+bound, "not measured")
			continue
		}
		met := "no"
		if row.Met {
			met = "yes"
		}
		fastest, against := "", row.Against
		if !row.Bytes {
			fastest = number(row.Fastest)
		}
		if row.Missing != "" {
			against += " (" + row.Missing + ")"
		}
		s.add(row.Title, sign+" "+bound, number(row.Measured.Median), spread(*row.Measured, 1), met, fastest, row.Ours, against)
	}
	return s.write(out, markdown)
}

// missingLines are a line for each reason why cases were not measured.
func (r *result) missingLines() []string {
	var reasons []string
	names := make(map[string][]string)
	for _, m := range r.Cases {
		if m.Error != "" {
			if names[m.Error] == nil {
				reasons = append(reasons, m.Error)
			}
			names[m.Error] = append(names[m.Error], m.Name)
		}
	}
	lines := make([]string, len(reasons))
	for i, reason := range reasons {
		which := names[reason][0]
		if more := len(names[reason]) - 1; more > 0 {
			which += fmt.Sprintf(" and %d more", more)
		}
		lines[i] = fmt.Sprintf("Not measured: %s: %s", which, reason)
	}
	return lines
}
