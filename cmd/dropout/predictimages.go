package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/datasets/tabular"
	"github.com/gorgonia-dropout/dropout/internal/cmdline"
	"github.com/gorgonia-dropout/dropout/internal/compare"
)

// imagesAtOnce is the number of images that are in memory at a time.
const imagesAtOnce = 512

// images predicts the classes of images.
func (c *predictCmd) images(ctx context.Context, to *cmdline.Console, f *compare.Final) error {
	files, err := gatherImages(c.New)
	if err != nil {
		return err
	}
	passes := c.Passes
	if passes == 0 {
		passes = compare.PassesFor(len(files))
	}
	network := f.Network(passes)
	name := answerColumn{Name: "file"}
	var added []answerColumn
	odd := 0
	for some := range slices.Chunk(files, imagesAtOnce) {
		var pixels []float32
		for _, path := range some {
			img, err := datasets.OpenImage(path)
			if err != nil {
				return err
			}
			one, err := f.Pixels(img)
			if err != nil {
				return errors.WithMessagef(err, "%q", path)
			}
			pixels = append(pixels, one...)
			name.Values = append(name.Values, path)
		}
		said, err := f.PredictPixels(ctx, network, pixels)
		if err != nil {
			return err
		}
		more := answers(f, said)
		if f.Usual != nil {
			unlike := answerColumn{Name: "unlike_training_data"}
			for i := range some {
				is := "no"
				if f.Usual.Exceeds(said.Entropies[i], said.Disagreement[i]) {
					is = "yes"
					odd++
				}
				unlike.Values = append(unlike.Values, is)
			}
			more = append(more, unlike)
		}
		if added == nil {
			added = more
			continue
		}
		for k := range added {
			added[k].Values = append(added[k].Values, more[k].Values...)
		}
	}
	var notes []string
	if odd > 0 {
		notes = append(notes, fmt.Sprintf("%d of %s: the network is less sure than of 99 %% of those that it was not trained on.", odd, count(len(files), "image", "images")))
	}
	if note := judged(f, files, added[0]); note != "" {
		notes = append(notes, note)
	}
	return c.write(to, &tabular.Table{}, append([]answerColumn{name}, added...), notes)
}

// judged says how many predictions are right, of images in folders called as the classes.
func judged(f *compare.Final, files []string, predictions answerColumn) string {
	right, n := 0, 0
	for i, path := range files {
		class := filepath.Base(filepath.Dir(path))
		if !slices.Contains(f.Names, class) {
			continue
		}
		if n++; predictions.Values[i] == class {
			right++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Of %s in folders called as the classes, %s (%.1f %%).", count(n, "image", "images"), count(right, "is right", "are right"), 100*float64(right)/float64(n))
}
