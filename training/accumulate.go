package training

import (
	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A gradientSum is the weighted sum of the gradients of several batches.
type gradientSum struct{ params []gorgonia.ValueGrad }

// summedParam is a parameter with the sum of its gradients.
type summedParam struct {
	*trainedParam
	sum *tensor.Dense
}

func (p *summedParam) Grad() (gorgonia.Value, error) { return p.sum, nil }

// add adds a batch's gradients times a share; the first batch of a step begins anew.
func (s *gradientSum) add(params []gorgonia.ValueGrad, share float64, first bool) error {
	if s.params == nil {
		for _, p := range params {
			p := p.(*trainedParam)
			value := p.param.Value()
			s.params = append(s.params, &summedParam{p, tensor.New(tensor.WithShape(value.Shape().Clone()...), tensor.Of(value.Dtype()))})
		}
	}
	for i, p := range params {
		grad, err := p.Grad()
		if err != nil {
			return err
		}
		sum := s.params[i].(*summedParam).sum
		if first {
			sum.Zero()
		}
		switch to := sum.Data().(type) {
		case []float32:
			err = addShare(to, grad, float32(share))
		case []float64:
			err = addShare(to, grad, share)
		default:
			err = errors.Errorf("parameter must be of float32 or float64, got %v", sum.Dtype())
		}
		if err != nil {
			return errors.Wrapf(err, "gradient of %s", p.(*trainedParam).Name())
		}
	}
	return nil
}

// addShare adds share times a gradient to the sum.
func addShare[F op.Float](sum []F, grad gorgonia.Value, share F) error {
	values, err := op.Values[F](grad)
	if err != nil {
		return err
	}
	if len(values) != len(sum) {
		return errors.Errorf("must have %d values, got %d", len(sum), len(values))
	}
	for i, v := range values {
		sum[i] += F(share * v) // the conversion keeps the product from being fused with the sum
	}
	return nil
}
