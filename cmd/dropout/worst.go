package main

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gorgonia-dropout/dropout/internal/compare"
	"github.com/gorgonia-dropout/dropout/internal/imageserve"
)

// mostWorst is the number of predictions in the table of the worst.
const mostWorst = 10

// A surprise is an example that surprised the networks: the mean negative log-likelihood of
// its predictions, of which repeats make several, and the place of the last one.
type surprise struct {
	example, last int
	nll           float64
}

// mostSurprising returns those that were worst.
func mostSurprising(p *compare.Predictions) []surprise {
	nll := p.Surprise()
	at := make(map[int]int)
	var all []surprise
	var times []int
	for i, example := range p.Index {
		k, ok := at[example]
		if !ok {
			k = len(all)
			at[example] = k
			all, times = append(all, surprise{example: example}), append(times, 0)
		}
		times[k]++
		all[k].last = i
		all[k].nll += (nll[i] - all[k].nll) / float64(times[k])
	}
	slices.SortFunc(all, func(a, b surprise) int { return cmp.Or(cmp.Compare(b.nll, a.nll), cmp.Compare(a.example, b.example)) })
	return all[:min(len(all), mostWorst)]
}

// worst lists the rows that surprised the networks of an arm most.
func (r *run) worst(o *compare.Outcome, arm string) (htmlTable, string) {
	p := o.Way(arm).Predictions
	t := htmlTable{Label: "Table of the worst predictions", Head: []string{"row", "truth", "prediction", "NLL", "columns"}, Text: 4}
	features := r.plan.Features()
	for _, s := range mostSurprising(p) {
		truth, said := answer(p, s.last, r.Names())
		var values []string
		for _, f := range features[:min(len(features), 8)] {
			k, err := r.table.Column(f.Name)
			if err == nil {
				values = append(values, fit(f.Name, 20)+" "+fit(r.table.Values[k][s.example], 20))
			}
		}
		if len(features) > 8 {
			values = append(values, "…")
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(s.example + 1), truth, said, fmt.Sprintf("%.2f", s.nll), strings.Join(values, ", ")})
	}
	return t, fmt.Sprintf("Rows of the test parts with the highest negative log-likelihood by the networks %s. Rows count from 1, without the header.", arm)
}

// worstPassages lists the passages of a text that surprised the networks of an arm most.
func worstPassages(passages []compare.Passage, arm string) (htmlTable, string) {
	t := htmlTable{Label: "Table of the worst predictions", Head: []string{"from character", "mean NLL", "most surprising", "NLL", "text"}, Text: 4, Word: 2}
	for _, p := range passages {
		t.Rows = append(t.Rows, []string{thousands(p.First + 1), fmt.Sprintf("%.2f", p.NLL), fmt.Sprintf("%q for %q", p.Character, p.Likeliest), fmt.Sprintf("%.2f", p.Surprise), strconv.Quote(p.Text)})
	}
	return t, fmt.Sprintf("Passages of the test parts with the highest negative log-likelihood of a character by the networks %s, and the character that surprised most in each, in place of the most probable. Characters count from 1.", arm)
}

// A picture is an image with its prediction.
type picture struct {
	URI                    template.URL
	Name, Truth, Said, NLL string
}

// worstPictures returns the images that surprised the networks of an arm most.
func (r *run) worstPictures(images *compare.Images, o *compare.Outcome, arm string) ([]picture, string, error) {
	p := o.Way(arm).Predictions
	size := len(images.X) / images.Len()
	var all []picture
	for _, s := range mostSurprising(p) {
		uri, err := imageserve.DataURI(images.X[s.example*size:(s.example+1)*size], images.Shape)
		if err != nil {
			return nil, "", err
		}
		truth, said := answer(p, s.last, r.Names())
		all = append(all, picture{template.URL(uri), r.files[s.example], truth, said, fmt.Sprintf("%.2f", s.nll)})
	}
	return all, fmt.Sprintf("Images of the test parts with the highest negative log-likelihood by the networks %s.", arm), nil
}

// answer returns the truth and the prediction of an example in words.
func answer(p *compare.Predictions, i int, names []string) (truth, said string) {
	switch p.Kind {
	case compare.Classes:
		q := p.Probabilities[i]
		k := slices.Index(q, slices.Max(q))
		return names[p.Classes[i]], fmt.Sprintf("%s, %.3g %%", names[k], 100*q[k])
	case compare.Labels:
		var yes, thought []string
		for k, v := range p.Probabilities[i] {
			if p.Truth[i][k] == 1 {
				yes = append(yes, names[k])
			}
			if v > 0.5 {
				thought = append(thought, names[k])
			}
		}
		return cmp.Or(strings.Join(yes, ", "), "none"), cmp.Or(strings.Join(thought, ", "), "none")
	}
	var truths, predictions []string
	for k, y := range p.Values[i].Target {
		truths = append(truths, strconv.FormatFloat(y, 'g', 5, 64))
		predictions = append(predictions, fmt.Sprintf("%.4g ± %.2g", p.Values[i].Mean[k], math.Sqrt(p.Values[i].Variance[k]+p.Noise[i][k])))
	}
	return strings.Join(truths, ", "), strings.Join(predictions, ", ")
}
