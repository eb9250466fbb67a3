package experiment

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/gorgonia-dropout/dropout/training"
)

// An Estimate is a mean over seeds with its uncertainty.
type Estimate struct {
	N      int     `json:"n"`
	Mean   float64 `json:"mean"`
	StdErr float64 `json:"stderr"` // of the mean; NaN for one seed
}

// Estimated returns the mean of x and its standard error.
func Estimated(x []float64) Estimate {
	mean, sd := stat.MeanStdDev(x, nil)
	e := Estimate{N: len(x), Mean: mean, StdErr: math.NaN()}
	if len(x) > 1 {
		e.StdErr = stat.StdErr(sd, float64(len(x)))
	}
	return e
}

// Interval returns the confidence interval of the mean at the given level, such
// as 0.95, by Student's t distribution. It is NaN for one seed, and for a level
// outside (0, 1).
func (e Estimate) Interval(level float64) (low, high float64) {
	if e.N < 2 || !(level > 0 && level < 1) {
		return math.NaN(), math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(e.N - 1)}.Quantile(0.5 + level/2)
	return e.Mean - t*e.StdErr, e.Mean + t*e.StdErr
}

// ShareInterval is [Estimate.Interval] for the mean of shares, such as
// accuracies. It is computed from logits, log(x/(1-x)), by the delta method,
// and so stays in [0, 1], which Interval may leave (Agresti, "Categorical Data
// Analysis", 3rd edition, 2013, section 3.1.6).
func (e Estimate) ShareInterval(level float64) (low, high float64) {
	if e.N >= 2 && (e.Mean <= 0 || e.Mean >= 1) {
		return e.Mean, e.Mean // all are equal
	}
	logit := Estimate{N: e.N, Mean: math.Log(e.Mean / (1 - e.Mean)), StdErr: e.StdErr / (e.Mean * (1 - e.Mean))}
	low, high = logit.Interval(level)
	// Rounding must not leave the mean outside.
	return min(e.Mean, 1/(1+math.Exp(-low))), max(e.Mean, 1/(1+math.Exp(-high)))
}

// A Measure is a number that describes a run. The measures of this package are
// NaN for a run without the metrics they need.
type Measure struct {
	Name    string
	Percent bool // shown in per cent
	Of      func(Result) float64
}

// The measures that a comparison shows. Gap is the generalization gap: test
// error minus training error.
var (
	TrainError = Measure{"train error", true, func(r Result) float64 { return of(r, train, training.Metrics.Error) }}
	TestError  = Measure{"test error", true, func(r Result) float64 { return of(r, test, training.Metrics.Error) }}
	TestNLL    = Measure{"test NLL", false, func(r Result) float64 {
		return of(r, test, func(m training.Metrics) float64 { return m.Score("NLL").Value })
	}}
	Gap = Measure{"generalization gap", true, func(r Result) float64 { return TestError.Of(r) - TrainError.Of(r) }}
)

func train(h *training.History) *training.Metrics { return h.Train }
func test(h *training.History) *training.Metrics  { return h.Test }

// of returns a number from the metrics of a run, NaN if there are none.
func of(r Result, which func(*training.History) *training.Metrics, number func(training.Metrics) float64) float64 {
	if r.History == nil {
		return math.NaN()
	}
	m := which(r.History)
	if m == nil {
		return math.NaN()
	}
	return number(*m)
}

// Mean estimates a measure of an arm over its seeds.
func Mean(results []Result, arm string, m Measure) Estimate {
	var x []float64
	for _, r := range results {
		if r.Arm == arm {
			x = append(x, m.Of(r))
		}
	}
	return Estimated(x)
}

// Difference estimates a measure of arm a minus that of arm b over the seeds
// that both were run with: runs of the same seed start from the same parameters
// and see the same examples, so much of the noise cancels.
func Difference(results []Result, a, b string, m Measure) Estimate {
	others := make(map[uint64]float64)
	for _, r := range results {
		if r.Arm == b {
			others[r.Seed] = m.Of(r)
		}
	}
	var x []float64
	for _, r := range results {
		if before, ok := others[r.Seed]; ok && r.Arm == a {
			x = append(x, m.Of(r)-before)
		}
	}
	return Estimated(x)
}

// Finished reports whether the run was trained to its end and evaluated.
func (r Result) Finished() bool {
	return r.History != nil && r.History.Train != nil && r.History.Test != nil
}

// Pairs returns the finished runs of the seeds that both arms have finished,
// the first run of each arm and seed, in the order of the results.
func Pairs(results []Result, a, b string) []Result {
	type run struct {
		arm  string
		seed uint64
	}
	first := make(map[run]int)
	for i, r := range results {
		if _, ok := first[run{r.Arm, r.Seed}]; !ok && r.Finished() {
			first[run{r.Arm, r.Seed}] = i
		}
	}
	other := map[string]string{a: b, b: a}
	either := func(arm string) bool { return arm == a || arm == b }
	var pairs []Result
	for i, r := range results {
		if k, ok := first[run{r.Arm, r.Seed}]; !ok || k != i || !either(r.Arm) {
			continue
		}
		if _, ok := first[run{other[r.Arm], r.Seed}]; ok {
			pairs = append(pairs, r)
		}
	}
	return pairs
}
