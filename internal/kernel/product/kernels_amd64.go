//go:build !noasm

package product

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

//go:generate go -C gen run . -out ../product_amd64.s -stubs ../stubs_amd64.go -pkg product

// Processors without AVX-512 have 256 or 512 KiB of second-level cache for each core, those
// with it 1 MiB and more. What does not fit comes from a cache that all cores share, with
// whatever else they run.
const (
	packedAVX2   = 256 << 10
	packedAVX512 = 1 << 20
)

func kernels32() []*kernels[float32] {
	all := []*kernels[float32]{generic32()}
	for _, set := range isa.Supported() {
		switch set {
		case isa.AVX2:
			all = append(all, &kernels[float32]{
				set: set, rows: 6, lanes: 8, depth: 256, packed: packedAVX2, grain: 1 << 19,
				tile: tile32AVX2, transpose: transpose32AVX2, copyRows: copyRows32AVX2,
				prefetch: prefetch32AVX2, dot: dot32AVX2, absolute: absolute32AVX2, axpy: axpy32AVX2, scale: scale32AVX2,
				sparse: sparse32AVX2(0.55),
			})
		case isa.AVX512:
			all = append(all, &kernels[float32]{
				set: set, rows: 14, lanes: 16, masked: true, depth: 256, packed: packedAVX512, grain: 1 << 20,
				tile: tile32AVX512, transpose: transpose32AVX512, copyRows: copyRows32AVX512,
				prefetch: prefetch32AVX2, dot: dot32AVX2, absolute: absolute32AVX2, axpy: axpy32AVX2, scale: scale32AVX2,
				sparse: sparse32AVX2(0.2),
			})
		}
	}
	return all
}

func kernels64() []*kernels[float64] {
	all := []*kernels[float64]{generic64()}
	for _, set := range isa.Supported() {
		switch set {
		case isa.AVX2:
			all = append(all, &kernels[float64]{
				set: set, rows: 6, lanes: 4, depth: 256, packed: packedAVX2, grain: 1 << 18,
				tile: tile64AVX2, transpose: transpose64AVX2, copyRows: copyRows64AVX2,
				prefetch: prefetch64AVX2, dot: dot64AVX2, absolute: absolute64AVX2, axpy: axpy64AVX2, scale: scale64AVX2,
				sparse: sparse64AVX2(0.55),
			})
		case isa.AVX512:
			all = append(all, &kernels[float64]{
				set: set, rows: 14, lanes: 8, masked: true, depth: 256, packed: packedAVX512, grain: 1 << 19,
				tile: tile64AVX512, transpose: transpose64AVX512, copyRows: copyRows64AVX512,
				prefetch: prefetch64AVX2, dot: dot64AVX2, absolute: absolute64AVX2, axpy: axpy64AVX2, scale: scale64AVX2,
				sparse: sparse64AVX2(0.2),
			})
		}
	}
	return all
}

// AVX-512 has no loops for lists. Those for AVX2 are faster than its tiles, but only where few
// elements are left.
func sparse32AVX2(dense float64) *sparse[float32] {
	return &sparse[float32]{lanes: 8, compute: sparseRows32AVX2, list: list32AVX2, dense: dense}
}

func sparse64AVX2(dense float64) *sparse[float64] {
	return &sparse[float64]{lanes: 4, compute: sparseRows64AVX2, list: list64AVX2, dense: dense}
}
