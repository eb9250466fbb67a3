package nn

import "fmt"

// An ExampleError is the error of an op about one example of a batch, such as an id
// that names no row of an embedding. [errors.As] finds it in what a machine
// returns.
type ExampleError struct {
	// Example is the place on the first axis of the batch, from 0. Who knows which
	// example of a data set was in that place writes the set's index here: package
	// training does.
	Example int
	// Reason says what must be and what was there.
	Reason string
}

// Error implements error.
func (e *ExampleError) Error() string { return fmt.Sprintf("example %d: %s", e.Example, e.Reason) }

// exampleError is the error of element n of a tensor whose first axis, of the given
// length, is the batch; each example has size elements, of which n is named after
// what they are.
func exampleError(n, size int, what, format string, args ...any) error {
	if size > 1 {
		what = fmt.Sprintf("%s %d", what, n%size)
	}
	return &ExampleError{Example: n / size, Reason: what + " " + fmt.Sprintf(format, args...)}
}
