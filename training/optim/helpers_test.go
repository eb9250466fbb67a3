package optim_test

import "gorgonia.org/gorgonia"

// parameter is a plain gorgonia.ValueGrad.
type parameter struct{ value, grad gorgonia.Value }

func (p *parameter) Value() gorgonia.Value         { return p.value }
func (p *parameter) Grad() (gorgonia.Value, error) { return p.grad, nil }
