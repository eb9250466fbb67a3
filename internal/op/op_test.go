package op_test

import (
	"testing"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/internal/testkit"
)

// The type of an op follows the ranks of its inputs and of its output, and what they
// hold.
func TestType(t *testing.T) {
	for want, f := range map[string]fake{
		"a → a":                     doubled(op.AnyRank),
		"Matrix a → Matrix a":       doubled(2),
		"Vector int → Vector int":   {inputs: []op.Input{{Name: "ids", Rank: 1, Of: op.IDs}}, rank: 1, loops: op.Loops{IDs: func([]int, op.Args[float32]) error { return nil }}},
		"int64":                     {loops: op.Loops{Step: func() (int64, error) { return 0, nil }}},
		"a → int64 → a":             sum(of(op.AnyRank), op.Input{Name: "step", Of: op.Step}),
		"Matrix float32 → Matrix a": {inputs: []op.Input{{Name: "x", Rank: 2, Dtype: tensor.Float32}}, rank: 2},
	} {
		t.Run(want, func(t *testing.T) {
			if got := op.New("test", f).Type().String(); got != want {
				t.Errorf("type must be %s, got %s", want, got)
			}
		})
	}
}

// Gorgonia makes one node of ops with equal hashes, so that these differ where the
// ops do.
func TestHash(t *testing.T) {
	other := doubled(2)
	other.id = "other"
	base := op.New("test", doubled(2)).Hashcode()
	if base != op.New("test", doubled(2)).Hashcode() {
		t.Error("two of one function must have one hash")
	}
	outer := doubled(2)
	outer.rank = 3
	inner := doubled(2)
	inner.inputs = []op.Input{of(3)}
	for name, f := range map[string]fake{"string": other, "rank of the output": outer, "rank of the input": inner, "both ranks": doubled(3)} {
		if op.New("test", f).Hashcode() == base {
			t.Errorf("another %s must have another hash", name)
		}
	}
}

func TestInferShape(t *testing.T) {
	o := op.New("test", doubled(2))
	if got, err := o.InferShape(tensor.Shape{2, 3}); err != nil || !got.Eq(tensor.Shape{2, 3}) {
		t.Errorf("the shape must be that of x, (2, 3), got %v, %v", got, err)
	}
	_, err := o.InferShape()
	testkit.Rejects(t, err, "test: fake: there must be 1 inputs, got 0")
	_, err = o.InferShape(tensor.Shape{2})
	testkit.Rejects(t, err, "test: fake: x must have a shape of rank 2, got (2)")
	refusing := doubled(2)
	refusing.shape = func([]tensor.Shape) (tensor.Shape, error) { return nil, errors.New("x must be square") }
	_, err = op.New("test", refusing).InferShape(tensor.Shape{2, 3})
	testkit.Rejects(t, err, "test: fake: x must be square")
}

// Outputs are memory of their own, whatever the op is.
func TestPromises(t *testing.T) {
	o := op.New("test", sum(of(2), op.Input{Name: "c", Rank: 2, Of: op.Constants}, op.Input{Name: "step", Of: op.Step}))
	if o.ReturnsPtr() || o.OverwritesInput() != -1 || o.CallsExtern() || o.Arity() != 3 {
		t.Error("an op must return new memory of Go's, of all its inputs")
	}
	if wrt := o.DiffWRT(3); !wrt[0] || wrt[1] || wrt[2] {
		t.Errorf("an op must be differentiable in its floats alone, got %v", wrt)
	}
}

type switched struct {
	fake
	training *bool
}

func (s switched) SetTraining(training bool) { *s.training = training }

func TestSetTraining(t *testing.T) {
	s := switched{doubled(2), new(bool)}
	if err := op.New("test", s).SetTraining(true); err != nil || !*s.training {
		t.Errorf("the function must be told that the machine trains, got %v, %v", *s.training, err)
	}
	if err := op.New("test", doubled(2)).SetTraining(true); err != nil {
		t.Errorf("a function that need not know whether a machine trains must be left alone, got %v", err)
	}
}
