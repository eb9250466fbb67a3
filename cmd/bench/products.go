package main

import (
	"fmt"
	"runtime"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gorgonia.org/gorgonia"
)

// A product is C = A·B, with C of m×n, where A or B may be stored transposed.
type product struct {
	m, n, k int
	a, b    blas.Transpose
}

// String returns the sizes and, as BLAS has it, which operands are transposed.
func (p product) String() string {
	return fmt.Sprintf("%dx%dx%d-%c%c", p.m, p.n, p.k, p.a, p.b)
}

// columns are those of an operand as it is stored: of rows×cols if it is not transposed.
func columns(t blas.Transpose, rows, cols int) int {
	if t == blas.Trans {
		return rows
	}
	return cols
}

// products are those of a training step: of each layer its outputs, the gradient of its
// weights and, after the first, that of its inputs.
func (m mlp) products() []product {
	m = m.complete()
	var all []product
	units := m.layers()
	for i, in := range units[:len(units)-1] {
		out := units[i+1]
		all = append(all,
			product{m.batch, out, in, blas.NoTrans, blas.NoTrans},
			product{in, out, m.batch, blas.Trans, blas.NoTrans})
		if i > 0 {
			all = append(all, product{m.batch, in, out, blas.NoTrans, blas.Trans})
		}
	}
	return all
}

// multiply computes the products one after the other, with the BLAS that Gorgonia uses.
func multiply(products []product) (loop, error) {
	type operands struct{ a, b, c []float32 }
	all := make([]operands, len(products))
	for i, p := range products {
		all[i] = operands{numbers(p.m * p.k), numbers(p.k * p.n), make([]float32, p.m*p.n)}
	}
	return func(next func() bool) error {
		// OpenMP has threads for each thread that calls it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return steps(func() error {
			for i, p := range products {
				gorgonia.WhichBLAS().Sgemm(p.a, p.b, p.m, p.n, p.k, 1, all[i].a, columns(p.a, p.m, p.k),
					all[i].b, columns(p.b, p.k, p.n), 0, all[i].c, p.n)
			}
			return nil
		})(next)
	}, nil
}

// productCases are the products of the large network's step, and a square one.
func productCases() []*benchCase {
	step := mlp{}.products()
	all := slices.Concat(
		group("products", productsBy("all products of a step of the MLP", step)),
		group("square", productsBy("1024×1024×1024", []product{{1024, 1024, 1024, blas.NoTrans, blas.NoTrans}})))
	single := slices.Clone(step) // what is captured above must keep its order and length
	slices.SortFunc(single, func(p, q product) int {
		return slices.Compare([]int{p.m, p.n, p.k, int(p.a), int(p.b)}, []int{q.m, q.n, q.k, int(q.a), int(q.b)})
	})
	for _, p := range slices.Compact(single) {
		all = append(all, group("product-"+p.String(), inLong(productsBy(p.String(), []product{p})))...)
	}
	return all
}

// productsBy are the same products by ours and by others.
func productsBy(title string, products []product) []benchCase {
	work := func() (loop, error) { return multiply(products) }
	all := ours("gemm", title, both, work)
	for _, b := range []build{pthread, openmp} {
		for _, n := range both {
			all = append(all, benchCase{
				Name: fmt.Sprint("gemm-", b, n), Title: "OpenBLAS, " + string(b) + ", " + count(n, "thread"), blas: b, threads: n, work: work,
			})
		}
	}
	all = append(all, benchCase{Name: "gemm-gonum", Title: "Gonum, 2 goroutines", blas: gonum, work: work})
	flops := 0
	for _, p := range products {
		flops += 2 * p.m * p.n * p.k
	}
	for i := range all {
		all[i].amount = amount{float64(flops) / 1e9, "GFLOP/s"}
	}
	return all
}
