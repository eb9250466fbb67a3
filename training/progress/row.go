package progress

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
	"github.com/gorgonia-dropout/dropout/training"
)

// A row is what is known of a run at a moment. Shares are in [0, 1], epochs count
// from 1.
type row struct {
	name          string
	epoch, epochs int
	done          float64 // share of all steps

	trained        bool // whether there was a step
	loss, accuracy float64
	measure        string // what accuracy is, "" for the accuracy

	validated                  bool   // whether there was a validation
	validationMeasure          string // what of, "" for the error
	validation, best           float64
	validationEpoch, bestEpoch int

	timed bool // whether there were steps enough to tell
	rate  float64
	left  time.Duration
}

func (r row) position() string {
	return fmt.Sprintf("epoch %*d/%d", len(strconv.Itoa(r.epochs)), r.epoch, r.epochs)
}

func (r row) lossText() string {
	if !r.trained {
		return ""
	}
	return "loss " + decimal(r.loss)
}

func (r row) accuracyText() string {
	if !r.trained {
		return ""
	}
	if r.measure != "" {
		return r.measure + " " + decimal(r.accuracy)
	}
	if math.IsNaN(r.accuracy) {
		return "" // of numbers without metrics, and of soft labels
	}
	return fmt.Sprintf("accuracy %5.1f %%", 100*r.accuracy)
}

// errorText is the last validation error or other metric, and the best one of which epoch.
func (r row) errorText() string {
	switch {
	case !r.validated:
		return ""
	case r.validationMeasure != "" && r.bestEpoch == r.validationEpoch:
		return fmt.Sprintf("validation %s %s (best)", r.validationMeasure, decimal(r.validation))
	case r.validationMeasure != "":
		return fmt.Sprintf("validation %s %s (best %s, epoch %d)", r.validationMeasure, decimal(r.validation), decimal(r.best), r.bestEpoch)
	case r.bestEpoch == r.validationEpoch:
		return fmt.Sprintf("validation error %.2f %% (best)", 100*r.validation)
	}
	return fmt.Sprintf("validation error %.2f %% (best %.2f %%, epoch %d)", 100*r.validation, 100*r.best, r.bestEpoch)
}

// shortErrorText is the last validation error or other metric and, if asked for,
// whether it is the best.
func (r row) shortErrorText(best bool) string {
	if !r.validated {
		return ""
	}
	text := fmt.Sprintf("val %.2f %%", 100*r.validation)
	if r.validationMeasure != "" {
		text = fmt.Sprintf("val %s %s", r.validationMeasure, decimal(r.validation))
	}
	if best && r.bestEpoch == r.validationEpoch {
		text += " best"
	}
	return text
}

// percentText is the share of all steps that are done.
func (r row) percentText() string {
	if !(r.done >= 0 && r.done <= 1) {
		return ""
	}
	return fmt.Sprintf("%3.0f %%", math.Floor(100*r.done))
}

func (r row) rateText() string {
	if !r.timed {
		return ""
	}
	return thousands(r.rate) + " examples/s"
}

func (r row) leftText() string {
	if !r.timed {
		return ""
	}
	return clock(r.left) + " left"
}

// line is the row without its name where nothing is redrawn.
func (r row) line() string {
	return joined(r.position(), r.lossText(), r.accuracyText(), r.errorText(), r.rateText(), r.leftText())
}

// ending says in parts how a run ended after the given time.
func (r row) ending(run *training.Run, took time.Duration) []string {
	var how string
	switch {
	case errors.Is(run.Err, context.Canceled), errors.Is(run.Err, context.DeadlineExceeded):
		how = "interrupted in"
	case run.Err != nil:
		how = "failed in"
	case run.History.Stopped != "":
		how = "stopped in"
	default:
		how = "done:"
	}
	parts := []string{how + " " + r.position(), r.lossText(), r.accuracyText(), r.errorText(), clock(took)}
	if run.Err == nil && run.History.Stopped != "" {
		parts = append(parts, plaintext.Line(run.History.Stopped))
	}
	return parts
}

// joined joins the parts that are there.
func joined(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "  ")
}

// decimal writes x with four decimals where that is short.
func decimal(x float64) string {
	if math.Abs(x) < 1e6 {
		return strconv.FormatFloat(x, 'f', 4, 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

// clock writes a duration as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// thousands writes x without decimals and with commas.
func thousands(x float64) string {
	if !(x < 1e15) {
		return decimal(x)
	}
	s := strconv.FormatFloat(x, 'f', 0, 64)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
