package nn

import "fmt"

// An ExampleError is an op's error about one example of a batch, such as an id
// outside an embedding. [errors.As] finds it in the error that models.Graph.Run
// returns; the errors of Gorgonia's own RunAll cannot be unwrapped.
type ExampleError struct {
	// Example is the index along the batch's first axis, from 0. Package
	// training replaces it by the index in the data set.
	Example int
	// Reason says what must hold and what was found.
	Reason string
}

// Error implements error.
func (e *ExampleError) Error() string { return fmt.Sprintf("example %d: %s", e.Example, e.Reason) }

// exampleError returns the error about element n of a tensor whose first axis
// is the batch. Each example has size elements; what names them.
func exampleError(n, size int, what, format string, args ...any) error {
	if size > 1 {
		what = fmt.Sprintf("%s %d", what, n%size)
	}
	return &ExampleError{Example: n / size, Reason: what + " " + fmt.Sprintf(format, args...)}
}
