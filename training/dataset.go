package training

// A Dataset is a set of examples with their labels. mnist.Set is one, Examples another.
// One whose examples have numbers to predict instead of labels, or weights, is a
// [FieldDataset] too. Its methods are called from one goroutine at a time by one
// trainer.
type Dataset interface {
	// Len is the number of examples.
	Len() int
	// InputShape is the shape of one example: {784} for flat images.
	InputShape() []int
	// Gather copies the inputs of the examples with the given indices into x, one
	// after the other, and their labels into y. The lengths of x and y say how
	// many values and labels an example is expected to have: y is empty where the
	// targets are numbers.
	Gather(indices []int, x []float32, y []int) error
}

// Data holds the parts of the data that a run needs. Only Train is required.
type Data struct {
	Train      Dataset // what the parameters are fitted to
	Validation Dataset // evaluated after each epoch: for early stopping and choices
	Test       Dataset // evaluated once, at the end
}

// judged returns the fields of the examples that a run is judged by: those of the validation
// set, if there is one, and else of the training set.
func (d Data) judged() Fields {
	if d.Validation != nil {
		return FieldsOf(d.Validation)
	}
	return FieldsOf(plain(d.Train))
}
