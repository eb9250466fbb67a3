//go:build noasm || !(amd64 || arm64)

package conv

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

func inputWith(_ isa.Set, dst []float32, step int, image []float32, n, rows int) {
	tilesOfInput(dst, step, image, n, rows)
}

func gradientWith(_ isa.Set, dst []float32, step int, image []float32, n, rows int) {
	tilesOfGradient(dst, step, image, n, rows)
}

func outputWith(_ isa.Set, image, src []float32, step, n, rows int, bias float32) {
	outputOfTiles(image, src, step, n, rows, bias)
}
