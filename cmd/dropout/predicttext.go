package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// mostCharacters is the number of characters of a text that are read.
const mostCharacters = 1 << 24

// textPasses are the passes of Monte Carlo dropout for texts.
const textPasses = 10

// text says how well the network predicts the lines of texts, or continues one.
func (c *predictCmd) text(ctx context.Context, to *cmdline.Console, f *compare.Final) error {
	if c.Continue > 0 {
		if len(c.New) != 1 {
			return cmdline.Usagef("--continue must have one text, got %d", len(c.New))
		}
		text, err := readText(c.New[0], mostCharacters)
		if err != nil {
			return err
		}
		more, err := f.Continue(ctx, text, c.Continue, c.Temperature, c.Seed)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(to.Out, more)
		return err
	}
	passes := c.Passes
	if passes == 0 {
		passes = textPasses
	}
	columns := []answerColumn{{Name: "file"}, {Name: "line"}, {Name: "characters"}, {Name: "nll"}, {Name: "perplexity"}, {Name: "model_uncertainty"}, {Name: "text"}}
	var notes []string
	for _, path := range c.New {
		text, err := readText(path, mostCharacters)
		if err != nil {
			return err
		}
		r, err := f.Read(ctx, text, passes)
		if err != nil {
			return err
		}
		from := 0
		for number := 1; from < len(r.Characters); number++ {
			to := len(r.Characters)
			if k := slices.Index(r.Characters[from:], '\n'); k >= 0 {
				to = from + k + 1
			}
			n, nll, disagreement := r.Between(from, to)
			line := []any{path, number, n, nil, nil, nil, strings.TrimRight(string(r.Characters[from:to]), "\r\n")}
			if n > 0 {
				line[3], line[4], line[5] = decimals(nll), digits(math.Exp(nll), 4), decimals(disagreement)
			}
			for k := range columns {
				columns[k].Values = append(columns[k].Values, line[k])
			}
			from = to
		}
		notes = append(notes, path+": "+summary(f, r))
	}
	if len(c.New) == 1 {
		columns = columns[1:]
	}
	if len(columns[0].Values) == 0 {
		return cmdline.Usagef("%q must have a character, got none", c.New[0])
	}
	return c.write(to, &tabular.Table{}, columns, notes)
}

// summary says how well a whole text is predicted.
func summary(f *compare.Final, r *compare.Reading) string {
	n, nll, _ := r.Between(0, len(r.Characters))
	if n == 0 {
		return "no characters to predict."
	}
	said := fmt.Sprintf("%s, NLL %.3f nats each, perplexity %.2f; of the text that the run was tested on, NLL %.3f.",
		count(n, "character", "characters"), nll, math.Exp(nll), f.Expected.NLL)
	if len(r.Unknown) > 0 {
		var all []string
		times := 0
		for c, n := range r.Unknown {
			all = append(all, string(c))
			times += n
		}
		slices.Sort(all)
		said += fmt.Sprintf(" %s left out, which the run has never seen: %q.", count(times, "character is", "characters are"), strings.Join(all[:min(len(all), 12)], ""))
	}
	return said
}
