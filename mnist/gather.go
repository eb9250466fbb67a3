package mnist

import "github.com/pkg/errors"

// unit holds v/255 for every pixel value v, rounded once to float32. It is
// never written after initialization.
var unit = func() (t [256]float32) {
	for v := range t {
		t[v] = float32(v) / 255
	}
	return t
}()

// Gather writes the examples at the given indices into the caller's buffers, in
// that order: the pixels, scaled to [0, 1] as float32(v)/255, to x, one example
// of Rows*Cols after another, and the labels to y. An index may occur more than
// once. Nothing is allocated.
//
// It is an error if an index is not in [0, Len()), if len(x) is not
// len(indices)*Rows*Cols, if len(y) is not len(indices), or if the sizes of s
// are inconsistent; x and y are then unchanged.
func (s *Set) Gather(indices []int, x []float32, y []int) error {
	size, err := s.size()
	if err != nil {
		return errors.WithMessage(err, "mnist: Gather")
	}
	if want := uint64(len(indices)) * uint64(size); uint64(len(x)) != want {
		return errors.Errorf("mnist: Gather: x must have length %d x %d = %d, got %d", len(indices), size, want, len(x))
	}
	if len(y) != len(indices) {
		return errors.Errorf("mnist: Gather: y must have length %d, got %d", len(indices), len(y))
	}
	for b, i := range indices {
		if i < 0 || i >= len(s.Labels) {
			return errors.Errorf("mnist: Gather: indices must be in [0, %d), got %d at position %d", len(s.Labels), i, b)
		}
	}
	for b, i := range indices {
		src := s.Pixels[i*size : (i+1)*size]
		dst := x[b*size : (b+1)*size][:len(src)]
		for j, v := range src {
			dst[j] = unit[v]
		}
		y[b] = int(s.Labels[i])
	}
	return nil
}
