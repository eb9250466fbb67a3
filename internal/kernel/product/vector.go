package product

import (
	"math"

	"github.com/pkg/errors"
)

// Vector is a view of N elements: element i is Elements[First+i*Step]. Step may be
// negative.
type Vector[F Float] struct {
	Elements       []F
	First, Step, N int
}

// check reports a vector that reaches outside of its elements.
func (v Vector[F]) check(function, name string) error {
	last := v.First + (v.N-1)*v.Step
	if v.N < 0 || v.N > 0 && (min(v.First, last) < 0 || max(v.First, last) >= len(v.Elements)) {
		return errors.Errorf("product: %s: %s must lie within its elements, got %d from %d on, %d apart, of %d",
			function, name, v.N, v.First, v.Step, len(v.Elements))
	}
	return nil
}

// from returns the elements from the first on, for vectors whose elements lie side by
// side.
func (v Vector[F]) from(i int) []F { return v.Elements[v.First+i:] }

// chainBytes is the size of all chains of a sum.
const chainBytes = 256

// chains is the number of chains of a sum: 64 of float32, 32 of float64.
func (k *kernels[F]) chains() int { return chainBytes / k.size() }

// Dot returns the inner product of two vectors. It has 64 chains of fused multiply-adds
// in float32 and 32 in float64, each from +0 on: element i is in chain i modulo their
// number, in ascending order, and zeros fill up the last round. Then the second half of
// the chains is added to the first, until one is left.
func Dot[F Float](x, y Vector[F]) (F, error) {
	if x.N != y.N {
		return 0, errors.Errorf("product: Dot: vectors must have one length, got %d and %d", x.N, y.N)
	}
	if err := x.check("Dot", "x"); err != nil {
		return 0, err
	}
	if err := y.check("Dot", "y"); err != nil {
		return 0, err
	}
	return active[F]().inner(x, y), nil
}

func (k *kernels[F]) inner(x, y Vector[F]) F {
	w := k.worker()
	defer k.workers.Put(w)
	clear(w.sums[:])
	for i := 0; i < x.N; {
		xs, n := w.round(0, x, i, y.Step != 1)
		ys, _ := w.round(1, y, i, x.Step != 1)
		k.dot(&w.sums[0], &xs[0], &ys[0], n)
		i += n
	}
	return w.fold()
}

// AbsoluteSum returns the sum of the absolute values, in chains as those of [Dot] with
// sums for fused multiply-adds.
func AbsoluteSum[F Float](x Vector[F]) (F, error) {
	if err := x.check("AbsoluteSum", "x"); err != nil {
		return 0, err
	}
	return active[F]().absoluteSum(x), nil
}

func (k *kernels[F]) absoluteSum(x Vector[F]) F {
	w := k.worker()
	defer k.workers.Put(w)
	clear(w.sums[:])
	for i := 0; i < x.N; {
		xs, n := w.round(0, x, i, false)
		k.absolute(&w.sums[0], &xs[0], n)
		i += n
	}
	return w.fold()
}

// roundSize is the number of elements that are gathered at a time. It is a multiple of
// the number of chains, and two of them fit a sliver.
const roundSize = 512

// round returns n elements of v from i on side by side, n a multiple of the number of
// chains: those of v if it has as many in place, unless gathered is true, else a copy
// with zeros beyond the end. Calls for several vectors give the same n if all but gather
// agree.
func (w *worker[F]) round(buffer int, v Vector[F], i int, gather bool) (e []F, n int) {
	chains := w.chains()
	left := v.N - i
	if v.Step == 1 && !gather && left >= chains {
		return v.from(i), left / chains * chains
	}
	left = min(left, roundSize)
	n = ceil(left, chains) * chains
	e = w.sliver[buffer*roundSize:][:n]
	w.gather(e, v, i, left)
	clear(e[left:])
	return e, n
}

// gather copies n elements of v from i on to dst.
func (w *worker[F]) gather(dst []F, v Vector[F], i, n int) {
	if v.Step == 1 {
		copy(dst[:n], v.from(i))
		return
	}
	for p := range n {
		dst[p] = v.Elements[v.First+(i+p)*v.Step]
	}
}

// scatter is the reverse of gather.
func (w *worker[F]) scatter(v Vector[F], i int, src []F) {
	if v.Step == 1 {
		copy(v.from(i), src)
		return
	}
	for p, x := range src {
		v.Elements[v.First+(i+p)*v.Step] = x
	}
}

// fold adds up the chains.
func (w *worker[F]) fold() F {
	sums := w.sums[:w.chains()]
	for len(sums) > 1 {
		half := len(sums) / 2
		if half >= w.lanes {
			w.axpy(1, &sums[half], &sums[0], half)
		} else {
			for i := range half {
				sums[i] += sums[half+i]
			}
		}
		sums = sums[:half]
	}
	return sums[0]
}

// AddScaled adds alpha*x to y, each element by a fused multiply-add. x and y must not
// overlap.
func AddScaled[F Float](alpha F, x, y Vector[F]) error {
	if x.N != y.N {
		return errors.Errorf("product: AddScaled: vectors must have one length, got %d and %d", x.N, y.N)
	}
	if err := x.check("AddScaled", "x"); err != nil {
		return err
	}
	if err := y.check("AddScaled", "y"); err != nil {
		return err
	}
	active[F]().addScaled(alpha, x, y)
	return nil
}

func (k *kernels[F]) addScaled(alpha F, x, y Vector[F]) {
	i := 0
	if x.Step == 1 && y.Step == 1 && x.N >= k.lanes {
		i = x.N / k.lanes * k.lanes
		k.axpy(alpha, &x.from(0)[0], &y.from(0)[0], i)
	}
	if i == x.N {
		return
	}
	w := k.worker()
	defer k.workers.Put(w)
	for ; i < x.N; i += roundSize {
		n := min(roundSize, x.N-i)
		whole := ceil(n, k.lanes) * k.lanes
		xs, ys := w.sliver[:whole], w.sliver[roundSize:][:whole]
		w.gather(xs, x, i, n)
		w.gather(ys, y, i, n)
		k.axpy(alpha, &xs[0], &ys[0], whole)
		w.scatter(y, i, ys[:n])
	}
}

// Scale multiplies x by alpha.
func Scale[F Float](alpha F, x Vector[F]) error {
	if err := x.check("Scale", "x"); err != nil {
		return err
	}
	active[F]().scaleVector(alpha, x)
	return nil
}

func (k *kernels[F]) scaleVector(alpha F, x Vector[F]) {
	i := 0
	if x.Step == 1 && x.N >= k.lanes {
		i = x.N / k.lanes * k.lanes
		k.scale(alpha, &x.from(0)[0], i)
	}
	// The product of two numbers is the same in plain Go.
	for ; i < x.N; i++ {
		x.Elements[x.First+i*x.Step] *= alpha
	}
}

// Norm returns the Euclidean norm of x. In float32 it is the square root of the sum of
// the squares in float64, in chains as those of [Dot], rounded to float32. In float64 it
// is the square root of Dot(x, x), with x divided by a power of 2 where that sum is
// beyond 2^±900. It is NaN if an element is, else infinite if one is.
func Norm[F Float](x Vector[F]) (F, error) {
	if err := x.check("Norm", "x"); err != nil {
		return 0, err
	}
	switch x := any(x).(type) {
	case Vector[float32]:
		return F(norm32(active64(), x)), nil
	case Vector[float64]:
		return F(norm64(active64(), x)), nil
	}
	return 0, nil
}

// squares adds the squares of elements that load copies, n from i on, to chains.
func (k *kernels[F]) squares(n int, load func(dst []F, i int)) F {
	w := k.worker()
	defer k.workers.Put(w)
	clear(w.sums[:])
	for i := 0; i < n; i += roundSize {
		size := min(roundSize, n-i)
		e := w.sliver[:ceil(size, k.chains())*k.chains()]
		load(e[:size], i)
		clear(e[size:])
		k.dot(&w.sums[0], &e[0], &e[0], len(e))
	}
	return w.fold()
}

func norm32(k *kernels[float64], x Vector[float32]) float64 {
	return math.Sqrt(k.squares(x.N, func(dst []float64, i int) {
		for p := range dst {
			dst[p] = float64(x.Elements[x.First+(i+p)*x.Step])
		}
	}))
}

func norm64(k *kernels[float64], x Vector[float64]) float64 {
	sum := k.inner(x, x)
	if sum != sum || sum > 0x1p-900 && sum < 0x1p900 {
		return math.Sqrt(sum)
	}
	var largest float64
	for i := range x.N {
		largest = max(largest, math.Abs(x.Elements[x.First+i*x.Step]))
	}
	if largest == 0 {
		return 0
	}
	_, exponent := math.Frexp(largest)
	exponent = max(exponent, -1000)
	by := math.Ldexp(1, -exponent)
	sum = k.squares(x.N, func(dst []float64, i int) {
		for p := range dst {
			dst[p] = by * x.Elements[x.First+(i+p)*x.Step]
		}
	})
	return math.Ldexp(math.Sqrt(sum), exponent)
}
