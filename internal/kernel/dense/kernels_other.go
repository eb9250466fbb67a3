//go:build noasm || !amd64

package dense

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

func biasReLU32(_ isa.Set, dst, src, bias []float32, kept []uint64, first int, scale float64) {
	biasReLURow(dst, src, bias, kept, first, scale)
}

func biasReLU64(_ isa.Set, dst, src, bias []float64, kept []uint64, first int, scale float64) {
	biasReLURow(dst, src, bias, kept, first, scale)
}

func biasReLUBack32(_ isa.Set, dx, dbias, dy, y []float32, scale float64) {
	biasReLUBackRow32(dx, dbias, dy, y, float32(scale))
}

func biasReLUBack64(_ isa.Set, dx, dbias, dy, y []float64, scale float64) {
	biasReLUBackRow64(dx, dbias, dy, y, scale)
}
