package op

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// NotEmpty returns an error if a shape has an axis without elements.
func NotEmpty(name string, s tensor.Shape) error {
	for _, d := range s {
		if d < 1 {
			return errors.Errorf("%s must have elements, got shape %v", name, s)
		}
	}
	return nil
}

// SameShape returns err or, if that is nil, an error unless the gradient has
// the wanted shape.
func SameShape(gradient, want tensor.Shape, err error) error {
	if err == nil && !gradient.Eq(want) {
		err = errors.Errorf("gradient of y must have shape %v, got %v", want, gradient)
	}
	return err
}
