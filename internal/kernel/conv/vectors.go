//go:build (amd64 || arm64) && !noasm

package conv

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// inputWith, gradientWith and outputWith are the transforms with the kernels of
// a set.
func inputWith(set isa.Set, dst []float32, step int, image []float32, n, rows int) {
	if set == isa.Generic || n < 1 || rows < 1 {
		tilesOfInput(dst, step, image, n, rows)
		return
	}
	inputVectors(&dst[0], step, &image[0], n, rows)
}

func gradientWith(set isa.Set, dst []float32, step int, image []float32, n, rows int) {
	if set == isa.Generic || n < 1 || rows < 1 {
		tilesOfGradient(dst, step, image, n, rows)
		return
	}
	gradientVectors(&dst[0], step, &image[0], n, rows)
}

func outputWith(set isa.Set, image, src []float32, step, n, rows int, bias float32) {
	if set == isa.Generic || n < 1 || rows < 1 {
		outputOfTiles(image, src, step, n, rows, bias)
		return
	}
	outputVectors(&image[0], &src[0], step, n, rows, bias)
}
