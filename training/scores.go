package training

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgonia-dropout/dropout/training/metrics"
)

// Scores are the values of metrics, in the order of Trainer.Metrics.
type Scores []metrics.Score

// scoresOf returns the scores of a set, nil where it has no metrics.
func scoresOf(set *metrics.Set) Scores {
	if all := set.Scores(); len(all) > 0 {
		return all
	}
	return nil
}

// jsonScore is a score in JSON, which has no NaN and no infinity.
type jsonScore struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Up    bool   `json:"higher_is_better,omitempty"`
}

// MarshalJSON writes a list of names, values and directions. Values are text, so that NaN
// and infinities are there too.
func (s Scores) MarshalJSON() ([]byte, error) {
	list := make([]jsonScore, len(s))
	for i, m := range s {
		list[i] = jsonScore{m.Name, strconv.FormatFloat(m.Value, 'g', -1, 64), m.Direction == metrics.HigherIsBetter}
	}
	return json.Marshal(list)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Scores) UnmarshalJSON(data []byte) error {
	var list []jsonScore
	if err := json.Unmarshal(data, &list); err != nil {
		return errors.Wrap(err, "training: Scores")
	}
	*s = nil
	for _, m := range list {
		value, err := strconv.ParseFloat(m.Value, 64)
		if err != nil && !math.IsInf(value, 0) {
			return errors.Wrapf(err, "training: Scores: value of %q", m.Name)
		}
		d := metrics.LowerIsBetter
		if m.Up {
			d = metrics.HigherIsBetter
		}
		*s = append(*s, metrics.Score{Name: m.Name, Value: value, Direction: d})
	}
	return nil
}
