package onnx

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/formula"
)

// gateOrder returns the order of ONNX's gates among PyTorch's: i, o, f, g of i,
// f, g, o for an LSTM, and z, r, n of r, z, n for a GRU.
func gateOrder(gates int) []int {
	if gates == 4 {
		return []int{0, 3, 1, 2}
	}
	return []int{1, 0, 2}
}

// recurrent adds a layer of LSTM or GRU, whose sequences ONNX has time first.
func (e *exporter) recurrent(f formula.Recurrent, n *gorgonia.Node, in []*gorgonia.Node) (string, error) {
	name, attrs := "LSTM", integer("hidden_size", n.Shape()[2])
	if f.Gates == 3 {
		name = "GRU"
	}
	if f.Noise {
		return "", errors.Errorf("%s: recurrent dropout in sampling and zoneout must be off, as ONNX has neither", name)
	}
	x, err := e.value(in[0])
	if err != nil {
		return "", err
	}
	wih, err := e.byGate(f.Gates, in[1])
	if err != nil {
		return "", err
	}
	whh, err := e.byGate(f.Gates, in[2])
	if err != nil {
		return "", err
	}
	bias, err := e.byGate(f.Gates, in[3:5]...)
	if err != nil {
		return "", err
	}
	inputs := []string{e.emit("Transpose", []string{x}, integers("perm", 1, 0, 2)), wih, whh, bias}
	y := ""
	if name == "GRU" {
		// The reset gate is applied behind the product, as in PyTorch.
		y = e.emit(name, inputs, attrs, integer("linear_before_reset", 1))
	} else {
		y = e.emit(name, inputs, attrs)
	}
	y = e.emit("Squeeze", []string{y, e.ints("axis", 1)}) // the direction
	return e.emit("Transpose", []string{y}, integers("perm", 1, 0, 2)), nil
}

// byGate returns the name of parameters one behind the other, each with its
// gates in ONNX's order, and with a first axis for the direction.
func (e *exporter) byGate(gates int, params ...*gorgonia.Node) (string, error) {
	var values []float64
	rows := 0
	for _, n := range params {
		p := e.params[n.ID()]
		if p == nil {
			return e.byGateComputed(gates, params)
		}
		from := numbers(p.Value())
		each := len(from) / gates
		for _, g := range gateOrder(gates) {
			values = append(values, from[g*each:(g+1)*each]...)
		}
		rows += n.Shape()[0]
	}
	shape := append(tensor.Shape{1, rows}, params[0].Shape()[1:]...)
	return e.floats(params[0].Name(), shape, values), nil
}

// byGateComputed is byGate of what is computed, such as weights with dropout.
func (e *exporter) byGateComputed(gates int, params []*gorgonia.Node) (string, error) {
	var parts []string
	for _, n := range params {
		x, err := e.value(n)
		if err != nil {
			return "", err
		}
		each := n.Shape()[0] / gates
		for _, g := range gateOrder(gates) {
			from, to := e.ints("start", int64(g*each)), e.ints("end", int64((g+1)*each))
			parts = append(parts, e.emit("Slice", []string{x, from, to, e.ints("axis", 0)}))
		}
	}
	all := e.emit("Concat", slices.Clip(parts), integer("axis", 0))
	return e.emit("Unsqueeze", []string{all, e.ints("axis", 0)}), nil
}
