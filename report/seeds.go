package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gorgonia-dropout/dropout/training/experiment"
)

// SeedErrors draws the test error of every seed without and with dropout,
// joined by a line, and the mean of each arm. It is an error if no seed has
// finished both arms, or if an error is not a number.
func (c Comparison) SeedErrors() (*Figure, error) {
	before, after, err := c.values("SeedErrors", experiment.TestError)
	if err != nil {
		return nil, err
	}
	seeds, err := c.seeds()
	if err != nil {
		return nil, err
	}
	all := slices.Concat(before, after)
	low, high := slices.Min(all), slices.Max(all)
	pad := max(0.1*(high-low), 0.01*high, 1e-3)
	p := c.sides(-0.5)
	p.Y.Min, p.Y.Max = max(0, low-pad), high+pad
	p.Y.Tick.Marker = linearTicks(p.Y.Min, p.Y.Max, 6)
	p.Add(drawn(func(canvas draw.Canvas, x, y func(float64) vg.Length) {
		for i := range before {
			canvas.StrokeLine2(stroke(muted, 0.75), x(0), y(before[i]), x(1), y(after[i]))
		}
		for side, values := range [][]float64{before, after} {
			h, at := hueOf(side), x(float64(side))
			for i, v := range values {
				dot(&canvas, vg.Point{X: at, Y: y(v)}, h.line, 3.5)
				note(&canvas, vg.Point{X: at, Y: y(v)}, "%s, seed %d: %.2f %%", []string{c.Without, c.With}[side], seeds[i], v)
			}
			mean := experiment.Estimated(values).Mean
			style := boldText(textSize, h.text)
			style.YAlign = draw.YBottom
			near, far := at+margin, at+40 // away from the lines of the seeds
			if side == 0 {
				near, far, style.XAlign = at-margin, at-40, draw.XRight
			}
			fillClear(&canvas, style, vg.Point{X: near, Y: y(mean) + 2}, fmt.Sprintf("%.2f", mean))
			canvas.StrokeLine2(stroke(h.line, 2.5), near, y(mean), far, y(mean))
		}
	}))
	lower := 0
	for i := range before {
		if after[i] < before[i] {
			lower++
		}
	}
	return &Figure{
		Title:   "Test error by seed",
		Caption: "Dots joined by a line are one seed. Bar: mean.",
		Alt: fmt.Sprintf("Test error of %d seeds: mean %.2f %% %s and %.2f %% %s, where %d of them have the lower error.",
			len(before), experiment.Estimated(before).Mean, c.Without, experiment.Estimated(after).Mean, c.With, lower),
		width: figureWidth, height: figureHeight,
		draw: drawAxes(p, "test error (%)", 0),
	}, nil
}

// Gaps draws the mean training and test error of both arms and the
// generalization gap between them. The training error is that of the trained
// network, without dropout. It is an error if no seed has finished both arms,
// or if an error is not a number.
func (c Comparison) Gaps() (*Figure, error) {
	type bar struct{ train, test, gap experiment.Estimate }
	var bars [2]bar
	for _, f := range []struct {
		m  experiment.Measure
		of func(*bar) *experiment.Estimate
	}{
		{experiment.TrainError, func(b *bar) *experiment.Estimate { return &b.train }},
		{experiment.TestError, func(b *bar) *experiment.Estimate { return &b.test }},
		{experiment.Gap, func(b *bar) *experiment.Estimate { return &b.gap }},
	} {
		before, after, err := c.values("Gaps", f.m)
		if err != nil {
			return nil, err
		}
		*f.of(&bars[0]), *f.of(&bars[1]) = experiment.Estimated(before), experiment.Estimated(after)
	}
	p := c.sides(-0.3) // room for the labels on the right
	p.Y.Max = 0.1
	for _, b := range bars {
		p.Y.Max = max(p.Y.Max, 1.1*b.test.Mean, 1.1*b.train.Mean)
	}
	p.Y.Min = -0.08 * p.Y.Max // room for the labels of errors near 0
	p.Y.Tick.Marker = linearTicks(0, p.Y.Max, 6)
	p.Add(drawn(func(canvas draw.Canvas, x, y func(float64) vg.Length) {
		const half = 14
		for side, b := range bars {
			h, at := hueOf(side), x(float64(side))
			train, test := y(b.train.Mean), y(b.test.Mean)
			canvas.FillPolygon(fade(h.line, 0.3), []vg.Point{{X: at - half, Y: train}, {X: at + half, Y: train}, {X: at + half, Y: test}, {X: at - half, Y: test}})
			for _, end := range []vg.Length{train, test} {
				canvas.StrokeLine2(stroke(h.line, 2.5), at-half, end, at+half, end)
			}
			gap := fmt.Sprintf("gap %.2f", b.gap.Mean)
			if b.gap.N > 1 {
				gap += fmt.Sprintf(" ± %.2f", b.gap.StdErr)
			}
			small, strong := text(textSize, h.text), boldText(textSize, h.text)
			labels := []label{
				{y: test, text: fmt.Sprintf("test %.2f", b.test.Mean), style: small},
				{y: (train + test) / 2, text: gap, style: strong},
				{y: train, text: fmt.Sprintf("training %.2f", b.train.Mean), style: small},
			}
			if test < train {
				slices.Reverse(labels)
			}
			drawLabels(&canvas, at+half+margin/2, labels)
			note(&canvas, vg.Point{X: at, Y: test}, "%s: test error %.2f %%", []string{c.Without, c.With}[side], b.test.Mean)
			note(&canvas, vg.Point{X: at, Y: train}, "%s: training error %.2f %%", []string{c.Without, c.With}[side], b.train.Mean)
		}
	}))
	alt := "Generalization gap:"
	for side, name := range []string{c.Without, c.With} {
		b := bars[side]
		alt += fmt.Sprintf(" %s, training error %.2f %%, test error %.2f %%, gap %.2f percentage points.", name, b.train.Mean, b.test.Mean, b.gap.Mean)
	}
	caption := "Bar: from training error to test error, without dropout in either."
	if bars[0].gap.N > 1 {
		caption += fmt.Sprintf(" Mean of %d seeds ± standard error.", bars[0].gap.N)
	}
	return &Figure{
		Title: "Generalization gap", Caption: caption, Alt: alt,
		width: figureWidth, height: figureHeight,
		draw: drawAxes(p, "error (%)", 0),
	}, nil
}

// sides returns axes with the arms at 0 and 1, from left to left+2.
func (c Comparison) sides(left float64) *plot.Plot {
	p := axes("")
	p.X.Min, p.X.Max = left, left+2
	p.X.Tick.Length = 0
	p.X.Tick.Label.Font = boldText(textSize, ink).Font
	names := nameLabels([]string{c.Without, c.With})
	p.X.Tick.Marker = plot.ConstantTicks{{Value: 0, Label: names[0]}, {Value: 1, Label: names[1]}}
	return p
}

// seeds returns the seeds that both arms have finished, in order.
func (c Comparison) seeds() ([]uint64, error) {
	pairs, err := c.pairs()
	if err != nil {
		return nil, err
	}
	var all []uint64
	for _, r := range pairs {
		all = append(all, r.Seed)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// values returns a measure of both arms in per cent, in the order of the seeds.
func (c Comparison) values(what string, m experiment.Measure) (before, after []float64, err error) {
	pairs, err := c.pairs()
	if err != nil {
		return nil, nil, errors.WithMessage(err, "report: "+what)
	}
	slices.SortStableFunc(pairs, func(a, b experiment.Result) int { return cmp.Compare(a.Seed, b.Seed) })
	for _, r := range pairs {
		v := 100 * m.Of(r)
		if !finite(v) {
			return nil, nil, errors.Errorf("report: %s: %s of %s with seed %d must be finite, got %v", what, m.Name, r.Arm, r.Seed, v)
		}
		if r.Arm == c.Without {
			before = append(before, v)
		} else {
			after = append(after, v)
		}
	}
	return before, after, nil
}
