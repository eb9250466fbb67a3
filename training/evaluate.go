package training

import (
	"context"
	"fmt"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/models"
	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// Evaluate returns the metrics of the model on data, without dropout. It is a
// *NonFiniteError if the model has NaN or an infinity where an example's
// log-likelihood or its output should be. Where others train the model meanwhile each EvalBatch is
// evaluated with the parameters of its moment.
func (t *Trainer) Evaluate(ctx context.Context, data Dataset) (Metrics, error) {
	var total Metrics
	switch {
	case t.Model == nil:
		return total, errors.New("training: Evaluate: Model must be set, got nil")
	case t.EvalBatch < 0:
		return total, errors.Errorf("training: Evaluate: EvalBatch must not be negative, got %d", t.EvalBatch)
	}
	if err := checkHeads(t.Model, t.Heads); err != nil {
		return total, errors.WithMessage(err, "training: Evaluate")
	}
	if err := t.checkData("data", data); err != nil {
		return total, err
	}
	fields := FieldsOf(data)
	set, err := metrics.New(t.measures(fields)...)
	if err != nil {
		return total, errors.Wrap(err, "training: Evaluate: Metrics")
	}
	all := make([]int, data.Len())
	for i := range all {
		all[i] = i
	}
	for indices := range slices.Chunk(all, t.evalBatch()) {
		if err := ctx.Err(); err != nil {
			return total, errors.Wrap(err, "training: Evaluate: stopped")
		}
		err := t.exclusively(func() error {
			b, err := t.batch(models.Eval, len(indices), fields)
			if err != nil {
				return err
			}
			if err := b.run(data, indices); err != nil {
				return err
			}
			if value, _, bad := nonFiniteIn(b.Graph().Output.Value()); bad && b.numbers != nil {
				return &NonFiniteError{"output", value, t.cause(b, indices, 0)}
			}
			for _, h := range b.heads {
				output, err := b.Output(h.Name)
				if err != nil {
					return err
				}
				if value, _, bad := nonFiniteIn(output); bad && h.numbers != nil {
					return &NonFiniteError{fmt.Sprintf("output %q", h.Name), value, t.cause(b, indices, 0)}
				}
			}
			m, err := b.scored(set)
			if err == nil && !finite(m.NLL) {
				err = &NonFiniteError{"log-likelihood", m.NLL, t.cause(b, indices, 0)}
			}
			total.merge(m)
			return err
		})
		if err != nil {
			return total, errors.Wrap(err, "training: Evaluate")
		}
	}
	total.Scores = scoresOf(set)
	return total, nil
}
