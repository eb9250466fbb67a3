//go:build !noasm

package dense

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// biasReLU32 and biasReLU64 are a row of the forward pass: see biasReLURow.
func biasReLU32(set isa.Set, dst, src, bias []float32, kept []uint64, first int, scale float64) {
	if set == isa.Generic {
		biasReLURow(dst, src, bias, kept, first, scale)
		return
	}
	biasReLU32AVX2(&dst[0], &src[0], &bias[0], len(src), &kept[0], first, float32(scale))
}

func biasReLU64(set isa.Set, dst, src, bias []float64, kept []uint64, first int, scale float64) {
	if set == isa.Generic {
		biasReLURow(dst, src, bias, kept, first, scale)
		return
	}
	biasReLU64AVX2(&dst[0], &src[0], &bias[0], len(src), &kept[0], first, scale)
}

// biasReLUBack32 and biasReLUBack64 are a row of the backward pass.
func biasReLUBack32(set isa.Set, dx, dbias, dy, y []float32, scale float64) {
	if set == isa.Generic {
		biasReLUBackRow32(dx, dbias, dy, y, float32(scale))
		return
	}
	biasReLUBack32AVX2(&dx[0], &dbias[0], &dy[0], &y[0], len(dy), float32(scale))
}

func biasReLUBack64(set isa.Set, dx, dbias, dy, y []float64, scale float64) {
	if set == isa.Generic {
		biasReLUBackRow64(dx, dbias, dy, y, scale)
		return
	}
	biasReLUBack64AVX2(&dx[0], &dbias[0], &dy[0], &y[0], len(dy), scale)
}
