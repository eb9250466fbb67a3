package device

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/cuda"
)

// Weights are tensors of the host with copies on a device, such as the parameters of a
// model: one side has the newest values at any time, and the other may be behind.
type Weights struct {
	on    *Device
	all   []*weight
	by    map[*float32]*weight // by their first elements on the host
	newer place                // which has the newest values
}

type place uint8

const (
	both place = iota
	host
	onDevice
)

type weight struct {
	host []float32
	at   *cuda.Memory
}

// NewWeights returns copies of values on a device. None may be empty.
func (d *Device) NewWeights(values [][]float32) (*Weights, error) {
	w := &Weights{on: d, by: make(map[*float32]*weight), newer: host}
	for _, x := range values {
		at, err := d.cuda.Alloc(4 * int64(len(x)))
		if err != nil {
			return nil, closing(err, w)
		}
		of := &weight{x, at}
		w.all = append(w.all, of)
		w.by[&x[0]] = of
	}
	return w, nil
}

// At returns where the copy of values is.
func (w *Weights) At(values []float32) (cuda.Pointer, bool) {
	if len(values) == 0 {
		return 0, false
	}
	of, ok := w.by[&values[0]]
	if !ok {
		return 0, false
	}
	return of.at.Pointer(), true
}

// of returns where the copy of a value is, if it is a tensor of the weights.
func (w *Weights) of(v gorgonia.Value) (cuda.Pointer, bool) {
	t, ok := v.(*tensor.Dense)
	if !ok {
		return 0, false
	}
	values, ok := t.Data().([]float32)
	if !ok {
		return 0, false
	}
	return w.At(values)
}

// Changed says that the values of the host have changed.
func (w *Weights) Changed() { w.newer = host }

// Trained says that the values on the device have changed.
func (w *Weights) Trained() { w.newer = onDevice }

// Push brings the values of the host to the device, if those are newer.
func (w *Weights) Push() error {
	if w.newer != host {
		return nil
	}
	// A step may still be reading or writing what is there.
	if err := w.on.stream.Synchronize(); err != nil {
		return err
	}
	for _, of := range w.all {
		if err := w.on.cuda.Write(of.at.Pointer(), cuda.Bytes(of.host)); err != nil {
			return err
		}
	}
	w.newer = both
	return nil
}

// Pull brings the values on the device to the host, if those are newer.
func (w *Weights) Pull() error {
	if w.newer != onDevice {
		return nil
	}
	if err := w.on.stream.Synchronize(); err != nil {
		return err
	}
	for _, of := range w.all {
		if err := w.on.cuda.Read(cuda.Bytes(of.host), of.at.Pointer()); err != nil {
			return err
		}
	}
	w.newer = both
	return nil
}

// Close frees the copies.
func (w *Weights) Close() error {
	var first error
	for _, of := range w.all {
		if err := of.at.Free(); first == nil {
			first = err
		}
	}
	w.all = nil
	return first
}
