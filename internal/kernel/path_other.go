//go:build !amd64

package kernel

func supported() []path { return []path{generic} }

func (path) bits(dst []uint64, first uint64, m *mask) { m.bits(dst, first) }

func (path) float32(dst, src []float32, first uint64, m *mask, _ bool) { groups(dst, src, first, m) }

func (path) float64(dst, src []float64, first uint64, m *mask, _ bool) { groups(dst, src, first, m) }

func (path) biasReLU32(dst, src, bias []float32, kept []uint64, first int, scale float64) {
	biasReLURow(dst, src, bias, kept, first, scale)
}

func (path) biasReLU64(dst, src, bias []float64, kept []uint64, first int, scale float64) {
	biasReLURow(dst, src, bias, kept, first, scale)
}

func (path) biasReLUBack32(dx, dbias, dy, y []float32, scale float64) {
	biasReLUBackRow32(dx, dbias, dy, y, float32(scale))
}

func (path) biasReLUBack64(dx, dbias, dy, y []float64, scale float64) {
	biasReLUBackRow64(dx, dbias, dy, y, scale)
}

func (path) tilesOfInput(dst []float32, step int, image []float32, n, rows int) {
	tilesOfInput(dst, step, image, n, rows)
}

func (path) tilesOfGradient(dst []float32, step int, image []float32, n, rows int) {
	tilesOfGradient(dst, step, image, n, rows)
}

func (path) outputOfTiles(image, src []float32, step, n, rows int, bias float32) {
	outputOfTiles(image, src, step, n, rows, bias)
}

func (path) maxPairs(y, x []float32, width int) { maxPairs(y, x, width) }

func (path) maxPairsBack(dx, x, y, dy []float32, width int) { maxPairsBack(dx, x, y, dy, width) }

func (path) words(_ []uint32, _ uint64, _ Stream) int { return 0 }

func (path) normals(_ []float64, _ []uint32) int { return 0 }
