package mnist

import "github.com/pkg/errors"

// MaxClasses is the number of classes that one-byte labels can distinguish.
const MaxClasses = 256

// Set is a set of labelled grey-scale images of one size, a training.Dataset.
// Its methods only read, so one Set may serve many goroutines, and the Sets
// that [Set.Slice] returns share its memory.
type Set struct {
	Rows, Cols int     // of one image, in pixels
	Classes    int     // labels are 0 to Classes-1
	Pixels     []uint8 // Len()*Rows*Cols, image by image, each row by row; 0 is the background
	Labels     []uint8 // Len()
}

// Len returns the number of examples.
func (s *Set) Len() int { return len(s.Labels) }

// InputShape returns the shape of one example as [Set.Gather] writes it: a
// vector of Rows*Cols values.
func (s *Set) InputShape() []int { return []int{s.Rows * s.Cols} }

// Counts returns the number of examples of each class: Classes numbers, at most
// [MaxClasses]. Labels outside the classes, which [Set.Validate] reports, are
// not counted.
func (s *Set) Counts() []int {
	counts := make([]int, min(max(s.Classes, 0), MaxClasses))
	for _, l := range s.Labels {
		if int(l) < len(counts) {
			counts[l]++
		}
	}
	return counts
}

// Slice returns the examples i to j-1 as a Set that shares the memory of s. It
// is an error unless 0 <= i <= j <= Len(), or if the sizes of s are
// inconsistent.
func (s *Set) Slice(i, j int) (*Set, error) {
	size, err := s.size()
	if err != nil {
		return nil, errors.WithMessage(err, "mnist: Slice")
	}
	if i < 0 || j < i || j > s.Len() {
		return nil, errors.Errorf("mnist: Slice: i and j must satisfy 0 <= i <= j <= %d, got i = %d and j = %d", s.Len(), i, j)
	}
	part := *s
	// The third index keeps an append to the part from writing to s.
	part.Pixels = s.Pixels[i*size : j*size : j*size]
	part.Labels = s.Labels[i:j:j]
	return &part, nil
}

// Validate returns an error that says what is wrong with a Set, or nil. [Read],
// [Open], [Set.Slice] and [Set.Stratified] return only valid Sets, provided
// they are given valid ones; Validate is for a Set made by hand.
func (s *Set) Validate() error {
	if _, err := s.size(); err != nil {
		return errors.WithMessage(err, "mnist: Validate")
	}
	return errors.WithMessage(checkLabels(s.Labels, s.Classes), "mnist: Validate")
}

// size returns the number of pixels in an image, or an error if the Set's
// lengths are inconsistent. It takes constant time.
func (s *Set) size() (int, error) {
	if s.Rows < 1 || s.Rows > maxSide || s.Cols < 1 || s.Cols > maxSide {
		return 0, errors.Errorf("images must have 1 to %d rows and columns, got %d x %d", maxSide, s.Rows, s.Cols)
	}
	size := s.Rows * s.Cols
	// In 64 bits, because the product for an invalid Set may not fit into an
	// int.
	if want := uint64(len(s.Labels)) * uint64(size); uint64(len(s.Pixels)) != want {
		return 0, errors.Errorf("must have %d x %d x %d = %d pixels, got %d", len(s.Labels), s.Rows, s.Cols, want, len(s.Pixels))
	}
	return size, nil
}

// checkLabels returns an error for the first label that is not below classes.
func checkLabels(labels []uint8, classes int) error {
	if classes < 1 || classes > MaxClasses {
		return errors.Errorf("classes must be in [1, %d], got %d", MaxClasses, classes)
	}
	for i, l := range labels {
		if int(l) >= classes {
			return errors.Errorf("label of example %d must be in [0, %d], got %d", i, classes-1, l)
		}
	}
	return nil
}
