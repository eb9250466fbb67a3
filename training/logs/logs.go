// Package logs provides callbacks that record training runs as they go, as tables,
// as lines of JSON and for TensorBoard.
//
// They are [CSV], [JSONLines] and [TensorBoard].
package logs

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"io/fs"
	"math"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training"
)

// CSV returns a callback that writes a row for each epoch: the epoch, the
// updates made, the learning rate, the loss and the metrics of the batches with
// dropout, those of the validation set without, and the seconds that the epoch took.
// The metrics are error and negative log-likelihood of labels, and Trainer.Metrics. Missing values are empty, such as the learning
// rate without a schedule.
//
// A header comes first. In a file it is written only if the file is empty, so
// that a resumed run that appends does not repeat it; in other writers it comes
// before the first epoch of a run. Epochs that an interruption lost and that
// were trained again appear twice: the later rows count.
func CSV(w io.Writer) training.Callback {
	out := csv.NewWriter(w)
	flush := func(record []string) error {
		if err := out.Write(record); err != nil {
			return errors.Wrap(err, "logs: CSV")
		}
		out.Flush()
		return errors.Wrap(out.Error(), "logs: CSV")
	}
	started := false
	return training.Callback{
		OnStart: func(*training.Run) error {
			started = false
			return nil
		},
		OnEpoch: func(r *training.Run) error {
			if !started {
				started = true
				if wantsHeader(w, len(r.History.Epochs) == 1) {
					if err := flush(columns(r.History.Epochs[len(r.History.Epochs)-1])); err != nil {
						return err
					}
				}
			}
			return flush(row(r.History.Epochs[len(r.History.Epochs)-1]))
		},
	}
}

// wantsHeader reports whether a header is due in w before its next row; first
// is whether the row is a run's first.
func wantsHeader(w io.Writer, first bool) bool {
	if f, ok := w.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size() == 0
		}
	}
	return first
}

// columns returns the header of runs with epochs like e.
func columns(e training.Epoch) []string {
	all := []string{"epoch", "step", "lr", "loss"}
	for _, s := range scores(e.Train) {
		all = append(all, "train_"+s.Name)
	}
	validation := e.Train
	if e.Validation != nil {
		validation = *e.Validation // which has others where the labels of training are soft
	}
	for _, s := range scores(validation) {
		all = append(all, "validation_"+s.Name)
	}
	return append(all, "seconds")
}

// scores returns what is recorded of m.
func scores(m training.Metrics) training.Scores {
	if m.Numeric {
		return m.Scores
	}
	return append(training.Scores{{Name: "error", Value: m.Error()}, {Name: "nll", Value: m.NLL}}, m.Scores...)
}

func row(e training.Epoch) []string {
	f := func(x float64) string { return strconv.FormatFloat(x, 'g', 8, 64) }
	lr := ""
	if e.LR != nil {
		lr = f(*e.LR)
	}
	all := []string{strconv.Itoa(e.Epoch), strconv.FormatInt(e.Step, 10), lr, f(e.Loss)}
	for _, s := range scores(e.Train) {
		all = append(all, f(s.Value))
	}
	if e.Validation != nil {
		for _, s := range scores(*e.Validation) {
			all = append(all, f(s.Value))
		}
	} else {
		all = append(all, make([]string, len(scores(e.Train)))...)
	}
	return append(all, f(e.Time.Seconds()))
}

// JSONLines returns a callback that writes a line for each epoch: the
// [training.Epoch] as JSON.
func JSONLines(w io.Writer) training.Callback {
	return training.Callback{OnEpoch: func(r *training.Run) error {
		err := json.NewEncoder(w).Encode(r.History.Epochs[len(r.History.Epochs)-1])
		return errors.Wrap(err, "logs: JSONLines")
	}}
}

// scalars returns the numbers of an epoch by the names under which TensorBoard
// groups them.
func scalars(e training.Epoch) map[string]float64 {
	all := map[string]float64{"loss/train": e.Loss}
	if e.LR != nil {
		all["learning_rate"] = *e.LR
	}
	for _, s := range scores(e.Train) {
		all[s.Name+"/train"] = s.Value
	}
	if e.Validation != nil {
		for _, s := range scores(*e.Validation) {
			all[s.Name+"/validation"] = s.Value
		}
	}
	for name, v := range all {
		if math.IsNaN(v) {
			delete(all, name)
		}
	}
	return all
}
