package models

import "github.com/pkg/errors"

// AsSketch makes a model whose parameters have names and shapes, but no values
// and so no memory, to be asked what a network is like before there is room for
// it: its [Model.Summary], its graphs, and what training it takes
// (Trainer.Memory). Nothing of it can be computed, read or saved: these are
// errors.
func AsSketch() Option { return func(m *Model) { m.sketch = true } }

// checkValues returns an error if the parameters have no values.
func (m *Model) checkValues() error {
	if m.sketch {
		return errors.New("model must have values, got a sketch")
	}
	return nil
}
