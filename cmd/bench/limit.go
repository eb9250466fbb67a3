package main

import (
	"fmt"
	"sync"

	"github.com/gorgonia-dropout/dropout/internal/kernel/peak"
)

// bound is what a step that computes whole products cannot do without.
type bound struct {
	multiplyAdds int
	bytes        int // read or written
	held         int // bytes of memory that they lie in
}

// loop does the multiply-adds in registers, as fast as the cores can, then copies as many
// bytes, and nothing else: the time below which a step can come only by doing both at
// once, or by leaving out multiply-adds whose factors are 0.
func (b bound) loop(goroutines int) (loop, error) {
	// It is known here whether there are such multiply-adds.
	if err := peak.MultiplyAdds(0); err != nil {
		return nil, err
	}
	const copied = 8 // bytes read and written for a float32
	memory := make([][2][]float32, goroutines)
	for i := range memory {
		n := b.held/copied/goroutines + 1
		memory[i] = [2][]float32{make([]float32, n), pixels(n)}
	}
	return steps(func() error {
		return together(goroutines, func(i int) error {
			if err := peak.MultiplyAdds(b.multiplyAdds / goroutines); err != nil {
				return err
			}
			to, from := memory[i][0], memory[i][1]
			for left := b.bytes / copied / goroutines; left > 0; left -= len(to) {
				n := min(left, len(to))
				copy(to[:n], from[:n])
			}
			return nil
		})
	}), nil
}

// together runs f(0) to f(n-1) in goroutines and returns an error of theirs.
func together(n int, f func(i int) error) error {
	if n == 1 {
		return f(0)
	}
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// machineCases are the speeds of which the limit is made.
func machineCases() []*benchCase {
	const multiplyAdds, bytes = 1 << 26, 16 << 20
	held := mlp{}.bound().held
	var fma, copying []benchCase
	for _, n := range both {
		fma = append(fma, benchCase{
			Name: fmt.Sprint("limit", n), Title: count(n, "goroutine"), threads: n,
			amount: amount{2 * multiplyAdds / 1e9, "GFLOP/s"},
			work:   func() (loop, error) { return bound{multiplyAdds: multiplyAdds}.loop(n) },
		})
		copying = append(copying, benchCase{
			Name: fmt.Sprint("limit", n), Title: count(n, "goroutine") + ", bytes read and written", threads: n,
			amount: amount{bytes / 1e9, "GB/s"},
			work:   func() (loop, error) { return bound{bytes: bytes, held: held}.loop(n) },
		})
	}
	return append(group("fma", fma), group("copy", copying)...)
}

// layers are the units of the network from its inputs to its outputs.
func (m mlp) layers() []int {
	m = m.complete()
	return append(append([]int{m.inputs}, m.hidden...), m.outputs)
}

// bound returns what a training step with momentum cannot do without. Each matrix of
// weights takes part in three products, the first one in two, since nobody needs the
// gradient of the inputs. Each weight is read in the forward and, except those of the
// first layer, in the backward pass; its gradient is written, and read by the solver,
// which reads and writes weight and velocity. Of each unit and example the output is
// written, and read by the next layer and by the backward pass, and the gradient is
// written and read. The inputs are gathered and read twice.
func (m mlp) bound() bound {
	m = m.complete()
	const float = 4
	var b bound
	units := m.layers()
	for i, in := range units[:len(units)-1] {
		out := units[i+1]
		products, passes := 3, 8
		if i == 0 {
			products, passes = 2, 7
		}
		b.multiplyAdds += products * m.batch * in * out
		b.bytes += float * (passes*(in+1)*out + 5*m.batch*out)
		b.held += float * 3 * (in + 1) * out
	}
	b.bytes += float * 4 * m.batch * m.inputs
	return b
}

// limits are the cases of the least time of a step.
func (m mlp) limits(name string, threads []int) []benchCase {
	b := m.bound()
	var all []benchCase
	for _, n := range threads {
		all = append(all, benchCase{
			Name: fmt.Sprintf("%s-limit%d", name, n), threads: n,
			Title: "limit: multiply-adds and copied bytes, " + count(n, "goroutine"),
			work:  func() (loop, error) { return b.loop(n) },
		})
	}
	return all
}
