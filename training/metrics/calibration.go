package metrics

import (
	"math"
	"sort"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/exactsum"
)

// ECE is the expected calibration error: the mean over the labels of the
// distance between accuracy and mean confidence in their bin. The confidence is
// the largest probability. The bins have equal width and include their upper
// end, but not their lower one. Bins of 0 means 15.
//
// Source: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using
// Bayesian Binning", AAAI 2015; Guo et al., "On Calibration of Modern Neural Networks",
// ICML 2017, equation 3.
type ECE struct{ Bins int }

// Name returns "ECE".
func (ECE) Name() string { return "ECE" }

// Direction returns [LowerIsBetter].
func (ECE) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with labels, or an error if Bins is
// negative or more than 2^20.
func (e ECE) Start() (Accumulator, error) { return newBinned("ECE", e.Bins, false) }

// ClasswiseECE is the mean over the classes of the expected calibration error
// of each class's probability, with the share of its labels in the bin as
// accuracy. It sees what [ECE] does not: the probabilities of classes that are
// not the likeliest. Bins is as in ECE.
//
// Source: Kull et al., "Beyond Temperature Scaling: Obtaining Well-Calibrated Multiclass
// Probabilities with Dirichlet Calibration", NeurIPS 2019, equation 3; Nixon et al.,
// "Measuring Calibration in Deep Learning", 2019 (as static calibration error).
type ClasswiseECE struct{ Bins int }

// Name returns "class-wise ECE".
func (ClasswiseECE) Name() string { return "class-wise ECE" }

// Direction returns [LowerIsBetter].
func (ClasswiseECE) Direction() Direction { return LowerIsBetter }

// Start returns an accumulator for batches with labels, which is a [PerClass],
// or an error if Bins is negative or more than 2^20.
func (e ClasswiseECE) Start() (Accumulator, error) { return newBinned("class-wise ECE", e.Bins, true) }

// mostBins is far more than is useful.
const mostBins = 1 << 20

// bin holds the weights in a bin.
type bin struct {
	Right      exactsum.Sum `json:"right"`
	Confidence exactsum.Sum `json:"confidence"` // each times its weight
}

// binned holds the bins of the confidences of the likeliest class, or of each
// class.
type binned struct {
	Weight exactsum.Sum   `json:"weight"`
	Rows   []map[int]*bin `json:"rows"` // by class, or one for all; only bins that are not empty

	name      string
	bins      int
	classwise bool
}

func newBinned(name string, bins int, classwise bool) (Accumulator, error) {
	if bins < 0 || bins > mostBins {
		return nil, errors.Errorf("metrics: %s: Bins must be in [0, %d], got %d", name, mostBins, bins)
	}
	if bins == 0 {
		bins = 15
	}
	return &binned{name: name, bins: bins, classwise: classwise}, nil
}

func (e *binned) Add(b Batch) error {
	l, err := b.byLabels()
	if err == nil {
		err = e.fit(e.rows(l.classes))
	}
	if err != nil {
		return errors.Wrapf(err, "metrics: %s", e.name)
	}
	l.each(func(row []float64, label int, weight float64) {
		if !b.Probabilities {
			toProbabilities(row)
		}
		e.Weight.Add(weight)
		if e.classwise {
			for k, p := range row {
				e.put(k, p, k == label, weight)
			}
			return
		}
		k, ok := decision(row)
		if !ok {
			e.put(0, math.NaN(), false, weight)
			return
		}
		e.put(0, row[k], k == label, weight)
	})
	return nil
}

// rows returns the number of rows for a number of classes.
func (e *binned) rows(classes int) int {
	if e.classwise {
		return classes
	}
	return 1
}

// put adds a confidence; NaN makes the row's first bin, and so the error, NaN.
func (e *binned) put(row int, confidence float64, right bool, weight float64) {
	// Rounding may leave a confidence just above 1.
	at := sort.Search(e.bins-1, func(i int) bool { return !(confidence > float64(i+1)/float64(e.bins)) })
	b := e.bin(row, at)
	b.Confidence.AddProduct(weight, confidence)
	if right {
		b.Right.Add(weight)
	}
}

// bin returns a bin, which it makes if necessary.
func (e *binned) bin(row, at int) *bin {
	b := e.Rows[row][at]
	if b == nil {
		b = new(bin)
		if e.Rows[row] == nil {
			e.Rows[row] = make(map[int]*bin)
		}
		e.Rows[row][at] = b
	}
	return b
}

func (e *binned) fit(rows int) error {
	if len(e.Rows) == 0 {
		e.Rows = make([]map[int]*bin, rows)
	}
	if len(e.Rows) != rows {
		return errors.Errorf("classes must be %d as before, got %d", len(e.Rows), rows)
	}
	return nil
}

func (e *binned) Merge(a Accumulator) error {
	other, err := same(e, a)
	if err != nil {
		return err
	}
	if other.name != e.name || other.bins != e.bins {
		return errors.Errorf("metrics: Merge: accumulator must be of %s with %d bins, got one of %s with %d", e.name, e.bins, other.name, other.bins)
	}
	if len(other.Rows) == 0 {
		return nil
	}
	if err := e.fit(len(other.Rows)); err != nil {
		return errors.Wrapf(err, "metrics: %s", e.name)
	}
	e.Weight.Merge(&other.Weight)
	for row, bins := range other.Rows {
		for at := range bins {
			b, o := e.bin(row, at), other.bin(row, at)
			b.Right.Merge(&o.Right)
			b.Confidence.Merge(&o.Confidence)
		}
	}
	return nil
}

// PerClass returns the error of each class, or the single error of ECE.
func (e *binned) PerClass() []float64 {
	all := make([]float64, len(e.Rows))
	for row, bins := range e.Rows {
		var gaps exactsum.Sum // exact, so that the order of the map does not matter
		for at := range bins {
			b := e.bin(row, at)
			var gap exactsum.Sum
			gap.Merge(&b.Right)
			gap.Subtract(&b.Confidence)
			if gap.Float64() < 0 {
				gaps.Subtract(&gap)
			} else {
				gaps.Merge(&gap)
			}
		}
		all[row] = exactsum.Ratio(&gaps, &e.Weight)
	}
	return all
}

func (e *binned) Value() float64 { return average(e.PerClass()) }
