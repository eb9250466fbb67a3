package main

import (
	"fmt"

	"gonum.org/v1/gonum/floats"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/page"
)

var dropConnected = study{
	name: "dropconnect", title: "No dropout, dropout and DropConnect, 800-800", source: "Wan et al., \"Regularization of Neural Networks using DropConnect\", ICML 2013, ReLU networks on MNIST without augmentation",
	arms: func(budget) []arm {
		drop, connect := dropped("dropout", 800, 800).at(1.28), dropped("DropConnect", 800, 800).at(1.20)
		drop.Input, connect.Input, connect.Dropout = 0, 0, dropConnect
		return []arm{plain("none", 800, 800).settled().at(1.62), drop, connect}
	},
	budgets:  budgets(nil),
	measures: probabilities,
	summarize: func(r *results) (*summary, error) {
		s, err := tableSummary(nil)(r)
		if err != nil {
			return nil, err
		}
		t := page.Table{Header: []string{"arm", "networks", "one network: error, %", "vote of all, %", "mean of their probabilities, %"}}
		says := ""
		for _, a := range r.arms {
			vote, mean, err := r.ensemble(a.Name)
			if err != nil {
				return nil, err
			}
			t.Rows = append(t.Rows, []string{a.Name, fmt.Sprint(r.budget.Seeds), page.PlusMinus(r.errorOf(a.Name), 2), fmt.Sprintf("%.2f", vote), fmt.Sprintf("%.2f", mean)})
			says += fmt.Sprintf(" %s %.2f %% alone, %.2f %% by vote;", a.Name, r.errorOf(a.Name).Mean, vote)
		}
		s.tables = append(s.tables, t)
		s.findings = append(s.findings, "Here "+r.difference("dropout", "none")+"; "+r.difference("DropConnect", "dropout")+".",
			fmt.Sprintf("Networks of %s together:%s.", seedCount(r.budget.Seeds), says[:len(says)-1]),
			"Wan et al. draw a mask of the weights for each example and infer by a Gaussian of the activations; here a batch shares its mask, since it is one product of matrices, and inference uses the mean weights.")
		return s, nil
	},
}

// ensemble returns the error in per cent of the networks of all seeds, by
// majority vote (ties go to the higher sum of probabilities) and by the mean of
// their probabilities.
func (r *results) ensemble(arm string) (vote, mean float64, err error) {
	nets := r.of(arm)
	labels := nets[0].Extra["labels"]
	if len(labels) == 0 {
		return 0, 0, errMissing(arm, "probabilities")
	}
	uncertain := make([][]float64, len(nets)) // probabilities of the images to come
	for k, net := range nets {
		uncertain[k] = net.Extra["probabilities"]
		rest := 0
		for _, class := range net.Extra["classes"] {
			if class < 0 {
				rest++
			}
		}
		if len(net.Extra["classes"]) != len(labels) || len(uncertain[k]) != rest*classes {
			return 0, 0, errMissing(arm, "the classes of all images, or their probabilities")
		}
	}
	for i, label := range labels {
		votes, sum := make([]float64, classes), make([]float64, classes)
		for k, net := range nets {
			if class := int(net.Extra["classes"][i]); class >= 0 {
				votes[class]++
				sum[class]++
				continue
			}
			row := uncertain[k][:classes]
			uncertain[k] = uncertain[k][classes:]
			votes[floats.MaxIdx(row)]++
			floats.Add(sum, row)
		}
		if floats.MaxIdx(sum) != int(label) {
			mean += 100 / float64(len(labels))
		}
		// Less than a vote, so that it decides between equal ones only.
		floats.AddScaled(votes, 0.5/float64(len(nets)), sum)
		if floats.MaxIdx(votes) != int(label) {
			vote += 100 / float64(len(labels))
		}
	}
	return vote, mean, nil
}
