package training

import "time"

// A History is the record of a run.
type History struct {
	Epochs []Epoch `json:"epochs"`
	// Partial is the record of the epoch that the run was stopped in, if it was.
	Partial *Epoch `json:"partial,omitempty"`
	// Steps is the number of updates made or skipped.
	Steps int64 `json:"steps"`
	// Train, Validation and Test are the metrics at the end, without dropout,
	// for the parameters that the run ended with; nil where it did not come to
	// its end, or there was no such set.
	Train      *Metrics `json:"train,omitempty"`
	Validation *Metrics `json:"validation,omitempty"`
	Test       *Metrics `json:"test,omitempty"`
	// Stopped says why the run ended before its last epoch, if it did.
	Stopped string        `json:"stopped,omitempty"`
	Time    time.Duration `json:"time_ns"`
}

// Skipped is the number of steps that were skipped.
func (h *History) Skipped() int {
	var n int
	for _, e := range h.Epochs {
		n += e.Skipped
	}
	if h.Partial != nil {
		n += h.Partial.Skipped
	}
	return n
}

// An Epoch is the record of one pass over the training set.
type Epoch struct {
	Epoch int   `json:"epoch"` // from 0
	Step  int64 `json:"step"`  // updates made or skipped by its end
	// LR is the learning rate of its last update, nil without a schedule.
	LR *float64 `json:"lr,omitempty"`
	// Skipped is the number of its steps that were skipped; see SkipNonFinite.
	Skipped int `json:"skipped,omitempty"`
	// Loss is the mean loss that was minimized, with dropout and label smoothing.
	Loss float64 `json:"loss"`
	// Train has the metrics of the batches as they were trained on, dropout
	// included: before each update, not after.
	Train Metrics `json:"train"`
	// Validation has those of the validation set after the epoch, without
	// dropout; nil if there is none.
	Validation *Metrics      `json:"validation,omitempty"`
	Time       time.Duration `json:"time_ns"`
}
