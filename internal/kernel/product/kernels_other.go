//go:build noasm || !(amd64 || arm64)

package product

func kernels32() []*kernels[float32] { return []*kernels[float32]{generic32()} }

func kernels64() []*kernels[float64] { return []*kernels[float64]{generic64()} }
