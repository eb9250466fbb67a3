package onnx

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/nn"
)

// recurrent adds a layer of LSTM or GRU in one direction from states of zeros.
func (c *call) recurrent() ([]value, error) {
	x, err := c.x()
	if err != nil {
		return nil, err
	}
	if x.Dims() != 3 {
		return nil, errors.Errorf("x must have shape (time, batch, features), got %v", x.Shape())
	}
	gates, apply := 4, nn.LSTM
	if c.proto.GetOpType() == "GRU" {
		gates, apply = 3, nn.GRU
	}
	if err := c.plainCell(gates); err != nil {
		return nil, err
	}
	weights, err := c.weights(gates, x.Shape()[2])
	if err != nil {
		return nil, err
	}
	// Sequences have the time first here, and the batch first in this module.
	times, batch := x.Shape()[0], x.Shape()[1]
	first := view{to: []int{batch, times, x.Shape()[2]}, strides: []int{x.Shape()[2], batch * x.Shape()[2], 1}}
	if x, err = first.apply(x); err != nil {
		return nil, err
	}
	y, err := apply(x, weights[0], weights[1], weights[2], weights[3], nn.RecurrentNoise{})
	if err != nil {
		return nil, err
	}
	units := y.Shape()[2]
	all := view{to: []int{times, 1, batch, units}, strides: []int{units, 0, times * units, 1}}
	last := view{to: []int{1, batch, units}, strides: []int{0, times * units, 1}, offset: (times - 1) * units}
	states, err := all.apply(y)
	if err != nil {
		return nil, err
	}
	outputs := []value{{node: states}}
	if len(c.proto.GetOutput()) > 1 && c.proto.GetOutput()[1] != "" {
		end, err := last.apply(y)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, value{node: end})
	}
	return outputs, nil
}

// plainCell returns an error unless the layer is what nn.LSTM and nn.GRU are.
func (c *call) plainCell(gates int) error {
	if d := string(c.attr("direction").GetS()); d != "" && d != "forward" {
		return errors.Errorf("direction must be forward, got %q", d)
	}
	for _, name := range []string{"activations", "clip"} {
		if c.attr(name) != nil {
			return errors.Errorf("%s must be left out, got one", name)
		}
	}
	for _, name := range []string{"layout", "input_forget"} {
		if err := c.must(name, 0); err != nil {
			return err
		}
	}
	if gates == 3 && c.int("linear_before_reset", 0) == 0 {
		return errors.New("linear_before_reset must be 1, as in PyTorch, got 0")
	}
	for i := 4; i < len(c.in); i++ {
		if c.in[i].node != nil || i == 4 && c.has(i) || !c.in[i].known.zero() && c.has(i) {
			return errors.Errorf("inputs after the biases must be left out or states of zeros, got others at %d", i)
		}
	}
	return nil
}

var recurrentName = regexp.MustCompile(`^(.*?)weight_ih_l(\d+)`)

// weights returns both weights and both biases, in PyTorch's order of gates and
// with its names.
func (c *call) weights(gates, features int) ([4]*gorgonia.Node, error) {
	var params [4]*gorgonia.Node
	wih, err := c.known(1)
	if err != nil {
		return params, err
	}
	whh, err := c.known(2)
	if err != nil {
		return params, err
	}
	if len(whh.shape) != 3 || whh.shape[2] < 1 {
		return params, errors.Errorf("recurrent weights must have shape (1, gates, units), got %v", whh.shape)
	}
	units := whh.shape[2]
	rows := gates * units
	bias := &array{shape: []int{1, 2 * rows}, values: make([]float64, 2*rows)}
	if c.has(3) {
		if bias, err = c.known(3); err != nil {
			return params, err
		}
	}
	if !slices.Equal(wih.shape, []int{1, rows, features}) || !slices.Equal(whh.shape, []int{1, rows, units}) || !slices.Equal(bias.shape, []int{1, 2 * rows}) {
		return params, errors.Errorf("weights must be those of one direction for %d features and %d units, got %v, %v and %v",
			features, units, wih.shape, whh.shape, bias.shape)
	}
	prefix, layer := c.place(wih.name)
	inverse := make([]int, gates) // where ONNX has PyTorch's gates
	for k, g := range gateOrder(gates) {
		inverse[g] = k
	}
	for i, p := range []struct {
		a             *array
		name          string
		offset, width int
	}{{wih, "weight_ih", 0, features}, {whh, "weight_hh", 0, units}, {bias, "bias_ih", 0, 1}, {bias, "bias_hh", rows, 1}} {
		shape := []int{rows, p.width}
		if i > 1 {
			shape = shape[:1]
		}
		own := *p.a
		own.name = prefix + p.name + "_l" + layer
		each := units * p.width
		params[i], err = c.param(&own, p.name, shape, func(k int) int { return p.offset + inverse[k/each]*each + k%each })
		if err != nil {
			return params, err
		}
	}
	return params, nil
}

// place returns the module of a layer and its number there: "rnn." and "1" for
// the second LSTM of /rnn/LSTM_1.
func (c *call) place(weight string) (prefix, layer string) {
	if m := recurrentName.FindStringSubmatch(weight); m != nil {
		return m[1], m[2]
	}
	if prefix = c.module(); prefix != "" {
		prefix += "."
	}
	_, layer, ok := strings.Cut(c.proto.GetName()[strings.LastIndex(c.proto.GetName(), "/")+1:], "_")
	if !ok || strings.Trim(layer, "0123456789") != "" || layer == "" {
		layer = "0"
	}
	return prefix, layer
}
