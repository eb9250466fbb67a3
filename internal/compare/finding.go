package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Wording is how scores are written.
type Wording struct {
	Kind Kind
	// Inputs is what the rate of inputs drops; "" means inputs.
	Inputs string
}

// ErrorName returns the name of the error.
func (w Wording) ErrorName() string {
	if w.Kind == Numbers {
		return "RMSE"
	}
	return "error"
}

// Error formats an error, or a difference of errors with a sign, to as many digits as
// its uncertainty leaves.
func (w Wording) Error(x, uncertainty float64, sign bool) string {
	if w.Kind != Numbers {
		return signed(100*x, 2, sign)
	}
	return signed(x, Decimals(x, uncertainty), sign)
}

// Percent returns the sign of per cent after errors that are shares.
func (w Wording) Percent() string {
	if w.Kind == Numbers {
		return ""
	}
	return " %"
}

// Decimals returns how many decimals show two digits of the uncertainty or, where there is
// none, four of x.
func Decimals(x, uncertainty float64) int {
	of := uncertainty * 10
	if !(of > 0) || math.IsInf(of, 0) {
		of = math.Abs(x)
	}
	if of == 0 || math.IsNaN(of) || math.IsInf(of, 0) {
		return 2
	}
	return min(max(0, 2-int(math.Floor(math.Log10(of)))), 8)
}

func signed(x float64, decimals int, sign bool) string {
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	if x == 0 || strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	if sign && !strings.HasPrefix(s, "-") {
		s = "+" + s
	}
	return s
}

// Finding returns what was found, in a few sentences.
func (o *Outcome) Finding(w Wording) []string {
	before, after := o.Way(string(Without)), o.Way(string(With))
	var said []string
	error := w.ErrorName()
	from := w.Error(before.Error.Mean, o.Error.StdErr, false) + w.Percent()
	to := w.Error(after.Error.Mean, o.Error.StdErr, false) + w.Percent()
	if o.Error.N < 2 {
		said = append(said, fmt.Sprintf("With dropout the %s went from %s to %s, on one split only: that says nothing about the noise. Give it more --time.", error, from, to))
	} else {
		low, high := o.Error.Interval(0.95)
		interval := fmt.Sprintf("95 %% interval %s to %s, %d splits", w.Error(low, o.Error.StdErr, true), w.Error(high, o.Error.StdErr, true), o.Error.N)
		change := fmt.Sprintf("from %s to %s, a change of %s (%s)", from, to, w.Error(o.Error.Mean, o.Error.StdErr, true), interval)
		switch {
		case o.Error.StdErr == 0 && o.Error.Mean == 0:
			said = append(said, fmt.Sprintf("Dropout made no difference to the %s, which is %s with it and without, split by split (%d splits).", error, from, o.Error.N))
		case o.Error.StdErr == 0:
			said = append(said, fmt.Sprintf("With dropout the %s went from %s to %s, by as much in each of %d splits: that says nothing about the noise. Give it more --time.", error, from, to, o.Error.N))
		case high < 0:
			said = append(said, fmt.Sprintf("Dropout helps here: it lowered the %s %s.", error, change))
		case low > 0:
			said = append(said, fmt.Sprintf("Dropout hurts here: it raised the %s %s.", error, change))
		default:
			said = append(said, fmt.Sprintf("Dropout made no difference to the %s that these data can show: it went %s.", error, change))
		}
		said = append(said, o.likelihood(low <= 0 && high >= 0 && o.Error.StdErr > 0))
	}
	if s := o.rates(w); s != "" {
		said = append(said, s)
	}
	if o.unfinished() {
		return append(said, "Most networks were still improving when their training ended, and would do better with more --time.")
	}
	if s := o.simple(w); s != "" {
		said = append(said, s)
	}
	return said
}

// unfinished reports whether the last epoch was the best of most chosen networks.
func (o *Outcome) unfinished() bool {
	var all, last int
	for _, t := range o.Chosen {
		if t.Arm == Linear || len(t.Curve) == 0 {
			continue
		}
		all++
		if t.Curve[len(t.Curve)-1] <= slices.Min(t.Curve) {
			last++
		}
	}
	return 2*last > all
}

// likelihood says how the likelihood has changed; neither says that the error has not.
func (o *Outcome) likelihood(neither bool) string {
	low, high := o.NLL.Interval(0.95)
	d := Decimals(o.NLL.Mean, o.NLL.StdErr)
	interval := fmt.Sprintf("%s (95 %% interval %s to %s)", signed(o.NLL.Mean, d, true), signed(low, d, true), signed(high, d, true))
	switch {
	case high < 0:
		return "The negative log-likelihood (NLL) became better: " + interval + "."
	case low > 0:
		return "The negative log-likelihood (NLL) became worse: " + interval + "."
	}
	if !neither {
		return "The negative log-likelihood (NLL) shows no difference: " + interval + "."
	}
	return "Nor can they show one in the negative log-likelihood (NLL): " + interval + "."
}

// rates says which rates were best.
func (o *Outcome) rates(w Wording) string {
	var hidden, input []float64
	for _, t := range o.Chosen {
		if t.Arm == With {
			hidden, input = append(hidden, t.Settings.HiddenP), append(input, t.Settings.InputP)
		}
	}
	if len(hidden) == 0 {
		return ""
	}
	return fmt.Sprintf("The best rates by the validation parts: p = %s of hidden units and %s of %s (median; %s and %s over the splits).",
		Rate(median(hidden)), Rate(median(input)), cmp.Or(w.Inputs, "inputs"), span(hidden), span(input))
}

// Rate formats a drop probability.
func Rate(p float64) string { return strconv.FormatFloat(math.Round(1000*p)/1000, 'g', -1, 64) }

func span(p []float64) string { return Rate(slices.Min(p)) + " to " + Rate(slices.Max(p)) }

func median(x []float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// simple says if a baseline is not worse than both arms: the best one.
func (o *Outcome) simple(w Wording) string {
	least := min(o.Way(string(Without)).Error.Mean, o.Way(string(With)).Error.Mean)
	var best *Way
	for _, name := range []string{Frequent, Constant, Shares, Unigrams, string(Linear), Straight, Pairs} {
		if b := o.Way(name); b != nil && (b.Error.Mean < least || b.Error.Mean == least && best == nil) {
			best, least = b, b.Error.Mean
		}
	}
	if best == nil {
		return ""
	}
	return fmt.Sprintf("No network is needed: %s does at least as well (%s %s%s).", best.Name, w.ErrorName(), w.Error(best.Error.Mean, best.Error.StdErr, false), w.Percent())
}
