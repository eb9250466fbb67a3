package main

import (
	"strings"
	"testing"

	"gonum.org/v1/gonum/blas"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

// A network of 2-3-1 on batches of 5, counted by hand.
func TestBound(t *testing.T) {
	b := mlp{inputs: 2, hidden: []int{3}, outputs: 1, batch: 5}.bound()
	// 3·2 weights in two products, 3·1 in three.
	if want := 5 * (2*6 + 3*3); b.multiplyAdds != want {
		t.Errorf("got %d multiply-adds, want %d", b.multiplyAdds, want)
	}
	// With biases 9 and 4 parameters; three and one outputs; two inputs.
	if want := 4 * (7*9 + 8*4 + 5*5*(3+1) + 4*5*2); b.bytes != want {
		t.Errorf("got %d bytes, want %d", b.bytes, want)
	}
	if want := 4 * 3 * 13; b.held != want {
		t.Errorf("got %d bytes held, want %d", b.held, want)
	}
}

// The products of a step are all of its multiply-adds.
func TestProductsAreTheBound(t *testing.T) {
	for _, m := range append([]mlp{{}, {width: 64, batch: 7}}, smallNetworks...) {
		n := 0
		for _, p := range m.products() {
			n += p.m * p.n * p.k
		}
		if want := m.bound().multiplyAdds; n != want {
			t.Errorf("%v: got %d multiply-adds in products, want %d", m, n, want)
		}
	}
	if got, want := (mlp{inputs: 2, hidden: []int{3}, outputs: 1, batch: 5}).products(), []product{
		{5, 3, 2, blas.NoTrans, blas.NoTrans}, {2, 3, 5, blas.Trans, blas.NoTrans},
		{5, 1, 3, blas.NoTrans, blas.NoTrans}, {3, 1, 5, blas.Trans, blas.NoTrans}, {5, 3, 1, blas.NoTrans, blas.Trans},
	}; len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	} else {
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("got %v, want %v", got[i], want[i])
			}
		}
	}
}

func TestLimitRuns(t *testing.T) {
	for _, goroutines := range []int{1, 2} {
		l, err := mlp{width: 8, batch: 2}.bound().loop(goroutines)
		if isa.Active() == isa.Generic {
			if err == nil || !strings.Contains(err.Error(), "must be avx2, avx512 or neon") {
				t.Errorf("got %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		takesSteps(t, "limit", l)
	}
}
