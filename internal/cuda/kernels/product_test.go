//go:build (linux || darwin) && !android && !ios && (amd64 || arm64)

package kernels_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/gorgonia-dropout/dropout/internal/cuda/kernels"
	"github.com/gorgonia-dropout/dropout/internal/kernel/dense"
	"github.com/gorgonia-dropout/dropout/internal/kernel/drop"
	"github.com/gorgonia-dropout/dropout/internal/kernel/product"
)

var forms = []kernels.Form{kernels.ByRows, kernels.TransposedB, kernels.TransposedA}

// An operand is a matrix in memory, with a gap after each line.
type operand struct {
	memory []float32
	ld     int
	product.Matrix[float32]
}

// drawOperand draws a matrix that is in memory by rows, or by columns.
func drawOperand(t *rapid.T, label string, rows, cols int, byColumns bool) operand {
	lines, width := rows, cols
	if byColumns {
		lines, width = cols, rows
	}
	// Often lines of whole vectors, which are read so.
	gap := rapid.SampledFrom([]int{0, 0, 1, (4 - width%4) % 4, (4-width%4)%4 + 4}).Draw(t, label+": gap")
	o := operand{ld: width + gap}
	if size := max(1, max(0, lines-1)*o.ld+width); rapid.Bool().Draw(t, label+" before a gap") {
		o.memory = beforeGap(t, size)
	} else {
		o.memory, _ = guarded(t, label, size)
	}
	copy(o.memory, numbers(t, label, len(o.memory)))
	o.Matrix = product.Matrix[float32]{Elements: o.memory, Rows: rows, Cols: cols, RowStep: o.ld, ColStep: 1}
	if byColumns {
		o.Matrix = product.Matrix[float32]{Elements: o.memory, Rows: rows, Cols: cols, RowStep: 1, ColStep: o.ld}
	}
	return o
}

// beforeGap returns memory for n numbers, behind which nothing can be read.
func beforeGap(t *rapid.T, n int) []float32 {
	t.Helper()
	page := os.Getpagesize()
	size := (4*n + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(all); err != nil {
			t.Errorf("%v", err)
		}
	})
	if err := syscall.Mprotect(all[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&all[size-4*n])), n)
}

// multiply is the product of package product.
func multiply(t failer, a, b product.Matrix[float32], beta float32, c product.Matrix[float32]) {
	t.Helper()
	if err := product.Multiply(1, a, b, beta, c); err != nil {
		t.Fatalf("%v", err)
	}
}

// drawSizes draws the sizes of a product: small ones, and ones near those of a tile.
func drawSizes(t *rapid.T) (m, n, k int) {
	size := func(label string) int {
		return rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 70), rapid.SampledFrom([]int{8, 15, 16, 31, 32, 63, 64, 127, 128, 130})).Draw(t, label)
	}
	return size("m"), size("n"), rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(0, 70), rapid.SampledFrom([]int{8, 16, 32, 64, 128, 257})).Draw(t, "k")
}

func TestProduct(t *testing.T) {
	l := host(t)
	for _, form := range forms {
		t.Run(string(form), rapid.MakeCheck(func(t *rapid.T) {
			var p pinned
			defer p.Unpin()
			m, n, k := drawSizes(t)
			a := drawOperand(t, "a", m, k, form == kernels.TransposedA)
			b := drawOperand(t, "b", k, n, form == kernels.TransposedB)
			c := drawOperand(t, "c", m, n, false)
			args := kernels.NewProduct(m, n, k)
			args.LDA, args.LDB, args.LDC = int64(a.ld), int64(b.ld), int64(c.ld)
			args.A, args.B = pin(&p, a.memory), pin(&p, b.memory)
			want := c
			want.Elements = append([]float32(nil), c.memory...)
			var beta float32
			if rapid.Bool().Draw(t, "add") {
				args.Add, beta = 1, 1
			}
			multiply(t, a.Matrix, b.Matrix, beta, want.Matrix)
			for _, v := range args.Variants(form) {
				got, intact := guarded(t, "c", len(c.memory))
				copy(got, c.memory)
				args.C = pin(&p, got)
				launch(t, l, v.Kernel, v.Blocks, args)
				verify(t, v.Kernel, got, want.Elements, intact)
			}
		}))
	}
}

// What a dense layer does after the product, in any combination.
func TestProductEnds(t *testing.T) {
	l := host(t)
	for _, form := range forms {
		t.Run(string(form), rapid.MakeCheck(func(t *rapid.T) {
			var p pinned
			defer p.Unpin()
			m, n, k := drawSizes(t)
			// In whole groups of the mask, or in whole bytes of them.
			groups := rapid.SampledFrom([]int{1, 8, 64}).Draw(t, "n is a multiple of")
			n = (n + groups - 1) / groups * groups
			a := drawOperand(t, "a", m, k, form == kernels.TransposedA)
			b := drawOperand(t, "b", k, n, form == kernels.TransposedB)
			want := product.Matrix[float32]{Elements: make([]float32, m*n), Rows: m, Cols: n, RowStep: n, ColStep: 1}
			y := want.Elements
			args := kernels.NewProduct(m, n, k)
			args.LDA, args.LDB, args.LDC = int64(a.ld), int64(b.ld), int64(n)
			args.A, args.B = pin(&p, a.memory), pin(&p, b.memory)

			var beta float32
			bias := rapid.SampledFrom([]string{"none", "of columns", "of rows", "of columns, first", "of rows, first"}).Draw(t, "bias")
			length := map[string]int{"of columns": n, "of rows": m, "of columns, first": n, "of rows, first": m}[bias]
			added := numbers(t, "bias", length)
			args.Bias = pin(&p, added)
			step := func(i int) float32 { return added[i%n] }
			if bias == "of rows" || bias == "of rows, first" {
				args.BiasRows = 1
				step = func(i int) float32 { return added[i/n] }
			}
			if bias == "of rows, first" || bias == "of columns, first" {
				args.BiasFirst, beta = 1, 1
				for i := range y {
					y[i] = step(i)
				}
			}
			multiply(t, a.Matrix, b.Matrix, beta, want)
			if args.Bias != 0 && args.BiasFirst == 0 {
				for i := range y {
					y[i] += step(i)
				}
			}
			if rapid.Bool().Draw(t, "relu") {
				args.ReLU = 1
				for i := range y {
					y[i] = max(y[i], 0)
				}
			}
			s, threshold, mask := drawMask(t)
			if rapid.Bool().Draw(t, "drop") {
				args.Mask = pin(&p, mask)
				drop.Apply(y, y, 0, s, threshold)
			}
			checkVariant(t, l, args, form, y)
		}))
	}
}

// The end of a dense layer as its own kernel does it.
func TestProductIsDense(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		m, n, k := drawSizes(t)
		a, b := drawOperand(t, "a", m, k, false), drawOperand(t, "b", k, n, false)
		bias := numbers(t, "bias", n)
		s, threshold, mask := drawMask(t)
		args := kernels.NewProduct(m, n, k)
		args.LDA, args.LDB, args.LDC = int64(a.ld), int64(b.ld), int64(n)
		args.A, args.B, args.Bias, args.Mask, args.ReLU = pin(&p, a.memory), pin(&p, b.memory), pin(&p, bias), pin(&p, mask), 1
		y := make([]float32, m*n)
		multiply(t, a.Matrix, b.Matrix, 0, product.Matrix[float32]{Elements: y, Rows: m, Cols: n, RowStep: n, ColStep: 1})
		dense.BiasReLUDrop(y, y, bias, n, 0, s, threshold)
		checkVariant(t, l, args, kernels.ByRows, y)
	})
}

// The gradient of the sums of the layer below: the product with the weights, where that
// layer's result is positive.
func TestProductGate(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		m, n, k := drawSizes(t)
		form := rapid.SampledFrom(forms).Draw(t, "form")
		a := drawOperand(t, "a", m, k, form == kernels.TransposedA)
		b := drawOperand(t, "b", k, n, form == kernels.TransposedB)
		gate := numbers(t, "gate", m*n)
		_, threshold, mask := drawMask(t)
		args := kernels.NewProduct(m, n, k)
		args.LDA, args.LDB, args.LDC = int64(a.ld), int64(b.ld), int64(n)
		args.A, args.B, args.Gate = pin(&p, a.memory), pin(&p, b.memory), pin(&p, gate)
		if rapid.Bool().Draw(t, "drop") {
			args.Mask = pin(&p, mask)
		} else {
			threshold = 0
		}
		dy := make([]float32, m*n)
		multiply(t, a.Matrix, b.Matrix, 0, product.Matrix[float32]{Elements: dy, Rows: m, Cols: n, RowStep: n, ColStep: 1})
		dense.BiasReLUDropBack(dy, make([]float32, n), dy, gate, n, threshold)
		checkVariant(t, l, args, form, dy)
	})
}

// checkVariant compares what one of the kernels of a form computes, in a row-major matrix.
func checkVariant(t *rapid.T, l *library, args kernels.Product, form kernels.Form, want []float32) {
	var p pinned
	defer p.Unpin()
	v := rapid.SampledFrom(args.Variants(form)).Draw(t, "kernel")
	got, intact := guarded(t, "y", len(want))
	args.C = pin(&p, got)
	launch(t, l, v.Kernel, v.Blocks, args)
	verify(t, v.Kernel, got, want, intact)
}

// Products in a batch, with chains of several segments in several parts.
func TestProductSegments(t *testing.T) {
	l := host(t)
	rapid.Check(t, func(t *rapid.T) {
		var p pinned
		defer p.Unpin()
		form := rapid.SampledFrom(forms).Draw(t, "form")
		small := rapid.IntRange(1, 40)
		m, n, k := small.Draw(t, "m"), small.Draw(t, "n"), small.Draw(t, "k")
		segments, batch := rapid.IntRange(1, 7).Draw(t, "segments"), rapid.IntRange(1, 3).Draw(t, "batch")
		parts := rapid.IntRange(1, segments).Draw(t, "parts")
		total := (segments-1)*k + rapid.IntRange(1, k).Draw(t, "length of the last segment")
		a := numbers(t, "a", batch*segments*m*k)
		b := numbers(t, "b", batch*segments*k*n)
		args := kernels.NewProduct(m, n, k)
		args.A, args.B = pin(&p, a), pin(&p, b)
		args.Batch, args.Segments, args.Parts, args.Total = int32(batch), int32(segments), int32(parts), int64(total)
		args.LDA, args.LDB, args.LDC = int64(k), int64(n), int64(n)
		aMatrix := product.Matrix[float32]{Rows: m, Cols: k, RowStep: k, ColStep: 1}
		bMatrix := product.Matrix[float32]{Rows: k, Cols: n, RowStep: n, ColStep: 1}
		if form == kernels.TransposedA {
			args.LDA, aMatrix.RowStep, aMatrix.ColStep = int64(m), 1, m
		}
		if form == kernels.TransposedB {
			args.LDB, bMatrix.RowStep, bMatrix.ColStep = int64(k), 1, k
		}
		args.ASegment, args.BSegment = int64(m*k), int64(k*n)
		args.AStep, args.BStep = int64(segments*m*k), int64(segments*k*n)
		args.CStep, args.CPart = int64(m*n), int64(batch*m*n)

		want := make([]float32, parts*batch*m*n)
		for part := range parts {
			for i := range batch {
				c := product.Matrix[float32]{Elements: want[(part*batch+i)*m*n:][:m*n], Rows: m, Cols: n, RowStep: n, ColStep: 1}
				for s := part * segments / parts; s < (part+1)*segments/parts; s++ {
					length := min(k, total-s*k)
					aMatrix.Elements, bMatrix.Elements = a[(i*segments+s)*m*k:], b[(i*segments+s)*k*n:]
					aMatrix.Cols, bMatrix.Rows = length, length
					var beta float32 = 1
					if s == part*segments/parts {
						beta = 0
					}
					multiply(t, aMatrix, bMatrix, beta, c)
				}
			}
		}
		checkVariant(t, l, args, form, want)
	})
}

// threadsOf returns the number of threads in a block of a kernel. It is here, and not in a
// file of package kernels, since all that imports kernels, nn among it, would be compiled once
// more for these tests.
func threadsOf(kernel string) int {
	p := kernels.NewProduct(1, 1, 1)
	for _, form := range forms {
		for _, v := range p.Variants(form) {
			if v.Kernel == kernel {
				return v.Threads
			}
		}
	}
	return kernels.Threads
}

// The shapes of a step of a multilayer perceptron have a block for each multiprocessor,
// not many more.
func TestProductKernel(t *testing.T) {
	l := host(t)
	for _, tt := range []struct {
		form    kernels.Form
		m, n, k int
		want    string
	}{
		{kernels.ByRows, 128, 1024, 784, "product_nn_32x32 on 128 blocks"},
		{kernels.ByRows, 128, 10, 1024, "product_nn_2x16 on 64 blocks"},
		{kernels.TransposedB, 128, 1024, 1024, "product_nt_32x32 on 128 blocks"},
		{kernels.TransposedA, 784, 1024, 128, "product_tn_64x64 on 208 blocks"},
		{kernels.TransposedA, 1024, 1024, 128, "product_tn_64x64 on 256 blocks"},
		{kernels.TransposedA, 1024, 10, 128, "product_tn_8x16 on 128 blocks"},
		{kernels.ByRows, 4096, 4096, 4096, "product_nn_64x64 on 4096 blocks"},
	} {
		p := kernels.NewProduct(tt.m, tt.n, tt.k)
		name, threads, blocks := p.Kernel(tt.form)
		if got := fmt.Sprintf("%s on %d blocks", name, blocks); got != tt.want {
			t.Errorf("%s %d×%d×%d: %s, want %s", tt.form, tt.m, tt.n, tt.k, got, tt.want)
		}
		if got := threadsOf(name); got != threads {
			t.Errorf("%s has %d threads by its name, want %d", name, got, threads)
		}
		_, entry, _ := strings.Cut(string(kernels.PTX), ".entry "+name+"(")
		if _, got, _ := strings.Cut(entry, ".maxntid "); !strings.HasPrefix(got, fmt.Sprintf("%d, ", threads)) {
			t.Errorf("%s has blocks of %d threads in Go, not in the module for a device", name, threads)
		}
	}
	if got := threadsOf("drop"); got != kernels.Threads {
		t.Errorf("a kernel that is no product has %d threads, want %d", got, kernels.Threads)
	}
	for _, form := range forms {
		p := kernels.NewProduct(1, 1, 1)
		for _, v := range p.Variants(form) {
			if l == nil {
				continue // the structs in C++ are those of the host
			}
			if size := l.size(v.Kernel); uintptr(size) != unsafe.Sizeof(p) {
				t.Errorf("%s has arguments of %d bytes in C++, %d in Go", v.Kernel, size, unsafe.Sizeof(p))
			}
		}
	}
}
