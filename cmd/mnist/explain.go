package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/atomicfile"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/models"
)

// explainCmd lists the layers of the network with dropout, or draws it as a graph.
type explainCmd struct {
	mnistrun.Network
	Mode   string `enum:"train,eval,sample" default:"train" help:"Which graph to draw: ${enum}."`
	Batch  int    `default:"100" help:"Images in a batch of the graph."`
	Output string `short:"o" help:"File to draw the graph to, .svg or .dot, instead of listing the layers." type:"path" placeholder:"FILE"`
}

// Validate is called by kong.
func (c *explainCmd) Validate() error {
	if err := c.CheckNetwork(); err != nil {
		return errors.New("--" + err.Error())
	}
	if err := mnistrun.InRange("batch", c.Batch, 1, 60000); err != nil {
		return errors.New("--" + err.Error())
	}
	if c.Output != "" && !strings.HasSuffix(c.Output, ".dot") && !strings.HasSuffix(c.Output, ".svg") {
		return errors.Errorf("--output must end in .svg or .dot, got %s", c.Output)
	}
	return nil
}

// Run is called by kong.
func (c *explainCmd) Run(ctx context.Context, to *cmdline.Console) error {
	s := settings{Config: mnistrun.Config{Network: c.Network}}
	m, err := s.arms()[1].Model(784, 10, 1, models.AsSketch())
	if err != nil {
		return err
	}
	if c.Output == "" {
		return writeSummary(to, m)
	}
	mode := map[string]models.Mode{"train": models.Train, "eval": models.Eval, "sample": models.Sample}[c.Mode]
	g, err := m.Build(mode, c.Batch)
	if err != nil {
		return err
	}
	dot := drawing(g)
	if strings.HasSuffix(c.Output, ".dot") {
		return atomicfile.Write(c.Output, func(w io.Writer) error { _, err := io.WriteString(w, dot); return err })
	}
	graphviz := exec.CommandContext(ctx, "dot", "-Tsvg", "-o", c.Output)
	graphviz.Stdin, graphviz.Stderr = strings.NewReader(dot), to.Log
	if err := graphviz.Run(); errors.Is(err, exec.ErrNotFound) {
		return errors.New("an SVG needs Graphviz's dot, which was not found: write a .dot file instead")
	} else if err != nil {
		return errors.Wrap(err, "dot")
	}
	return nil
}

// writeSummary lists the layers of a model.
func writeSummary(to *cmdline.Console, m *models.Model) error {
	summary, err := m.Summary()
	if err != nil {
		return err
	}
	if to.JSON {
		return json.NewEncoder(to.Out).Encode(summary)
	}
	_, err = io.WriteString(to.Out, summary.String())
	return err
}

// drawing returns the graph in DOT: a box for each op, and parameters and
// inputs with name and shape.
func drawing(g *models.Graph) string {
	var b strings.Builder
	b.WriteString("digraph network {\n\trankdir=BT\n\tnode [fontname=\"Helvetica\", fontsize=11, style=\"rounded,filled\", shape=box, color=\"#666666\", fillcolor=\"#f4f4f4\"]\n\tedge [color=\"#888888\"]\n")
	for _, n := range g.AllNodes() {
		label, fill := n.Name(), "#dbeafe"
		if op := n.Op(); op != nil {
			label, fill = op.String(), "#f4f4f4"
			if strings.Contains(label, "Dropout") {
				fill = "#fde7c8"
			}
		}
		label, _, _ = strings.Cut(label, "{")
		if n.Op() != nil && strings.Contains(n.Op().String(), "p=") {
			_, rest, _ := strings.Cut(n.Op().String(), "{")
			label += "\n" + strings.TrimSuffix(rest, "}")
		}
		fmt.Fprintf(&b, "\tn%d [label=%q, fillcolor=%q]\n", n.ID(), fmt.Sprintf("%s\n%v", label, n.Shape()), fill)
		for children := g.From(n.ID()); children.Next(); {
			fmt.Fprintf(&b, "\tn%d -> n%d\n", children.Node().ID(), n.ID())
		}
	}
	b.WriteString("}\n")
	return b.String()
}
