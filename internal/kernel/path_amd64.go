package kernel

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -out ../mask_amd64.s -stubs ../mask_amd64.go -pkg kernel

// supported lists the paths of this processor, the best last.
func supported() (paths []path) {
	for _, set := range isa.Supported() {
		paths = append(paths, path(set))
	}
	return paths
}

// bits draws the bits of the groups from first on.
func (p path) bits(dst []uint64, first uint64, m *mask) {
	n, block := len(dst), uint32(8*first)
	switch {
	case n == 0:
	case p == avx512:
		bitsAVX512(&dst[0], n, block, &m.schedule, m.threshold)
	case p == avx2:
		bitsAVX2(&dst[0], n, block, &m.schedule, m.threshold)
	default:
		m.bits(dst, first)
	}
}

// words draws the first words, whole groups of them, and returns how many.
func (p path) words(dst []uint32, first uint64, s Stream) int {
	groups := len(dst) / WordGroup
	if p == generic || groups == 0 {
		return 0
	}
	k := newSchedule(s)
	wordsAVX2(&dst[0], groups, uint32(8*first), &k)
	return groups * WordGroup
}

// normals does the middle part of the distribution for the first words, and returns
// for how many.
func (p path) normals(dst []float64, words []uint32) int {
	n := len(words) &^ 3
	if p == generic || n == 0 {
		return 0
	}
	normalsAVX2(&dst[0], &words[0], n)
	return n
}

// float32 applies the mask to whole groups.
func (p path) float32(dst, src []float32, first uint64, m *mask, stream bool) {
	n, block, scale := len(src)/GroupSize, uint32(8*first), float32(m.scale)
	switch {
	case n == 0:
	case p == avx512 && stream:
		float32StreamAVX512(&dst[0], &src[0], n, block, &m.schedule, m.threshold, scale)
	case p == avx512:
		float32AVX512(&dst[0], &src[0], n, block, &m.schedule, m.threshold, scale)
	case p == avx2 && stream:
		float32StreamAVX2(&dst[0], &src[0], n, block, &m.schedule, m.threshold, scale)
	case p == avx2:
		float32AVX2(&dst[0], &src[0], n, block, &m.schedule, m.threshold, scale)
	default:
		groups(dst, src, first, m)
	}
}

// float64 applies the mask to whole groups.
func (p path) float64(dst, src []float64, first uint64, m *mask, stream bool) {
	n, block := len(src)/GroupSize, uint32(8*first)
	switch {
	case n == 0:
	case p == avx512 && stream:
		float64StreamAVX512(&dst[0], &src[0], n, block, &m.schedule, m.threshold, m.scale)
	case p == avx512:
		float64AVX512(&dst[0], &src[0], n, block, &m.schedule, m.threshold, m.scale)
	case p == avx2 && stream:
		float64StreamAVX2(&dst[0], &src[0], n, block, &m.schedule, m.threshold, m.scale)
	case p == avx2:
		float64AVX2(&dst[0], &src[0], n, block, &m.schedule, m.threshold, m.scale)
	default:
		groups(dst, src, first, m)
	}
}

// biasReLU32 and biasReLU64 are a row of the forward pass: see biasReLURow.
func (p path) biasReLU32(dst, src, bias []float32, kept []uint64, first int, scale float64) {
	if p == generic {
		biasReLURow(dst, src, bias, kept, first, scale)
		return
	}
	biasReLU32AVX2(&dst[0], &src[0], &bias[0], len(src), &kept[0], first, float32(scale))
}

func (p path) biasReLU64(dst, src, bias []float64, kept []uint64, first int, scale float64) {
	if p == generic {
		biasReLURow(dst, src, bias, kept, first, scale)
		return
	}
	biasReLU64AVX2(&dst[0], &src[0], &bias[0], len(src), &kept[0], first, scale)
}

// biasReLUBack32 and biasReLUBack64 are a row of the backward pass.
func (p path) biasReLUBack32(dx, dbias, dy, y []float32, scale float64) {
	if p == generic {
		biasReLUBackRow32(dx, dbias, dy, y, float32(scale))
		return
	}
	biasReLUBack32AVX2(&dx[0], &dbias[0], &dy[0], &y[0], len(dy), float32(scale))
}

func (p path) biasReLUBack64(dx, dbias, dy, y []float64, scale float64) {
	if p == generic {
		biasReLUBackRow64(dx, dbias, dy, y, scale)
		return
	}
	biasReLUBack64AVX2(&dx[0], &dbias[0], &dy[0], &y[0], len(dy), scale)
}

// tilesOfInput, tilesOfGradient and outputOfTiles are the transforms of package
// ops's convolutions.
func (p path) tilesOfInput(dst []float32, step int, image []float32, n, rows int) {
	if p == generic || n < 1 || rows < 1 {
		tilesOfInput(dst, step, image, n, rows)
		return
	}
	tilesOfInputAVX2(&dst[0], step, &image[0], n, rows)
}

func (p path) tilesOfGradient(dst []float32, step int, image []float32, n, rows int) {
	if p == generic || n < 1 || rows < 1 {
		tilesOfGradient(dst, step, image, n, rows)
		return
	}
	tilesOfGradientAVX2(&dst[0], step, &image[0], n, rows)
}

func (p path) outputOfTiles(image, src []float32, step, n, rows int, bias float32) {
	if p == generic || n < 1 || rows < 1 {
		outputOfTiles(image, src, step, n, rows, bias)
		return
	}
	outputOfTilesAVX2(&image[0], &src[0], step, n, rows, bias)
}

// maxPairs and maxPairsBack are a row of max pooling.
func (p path) maxPairs(y, x []float32, width int) {
	if p == generic || len(y) == 0 {
		maxPairs(y, x, width)
		return
	}
	maxPairsAVX2(&y[0], &x[0], width, len(y))
}

func (p path) maxPairsBack(dx, x, y, dy []float32, width int) {
	if p == generic || len(y) == 0 {
		maxPairsBack(dx, x, y, dy, width)
		return
	}
	maxPairsBackAVX2(&dx[0], &x[0], &y[0], &dy[0], width, len(y))
}
