//go:build !noasm

package elementary

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// Each sets the first elements of y, which is not empty, and returns of how many.

func exp32Vectors(set isa.Set, y, x []float32) int {
	switch set {
	case isa.AVX2:
		return exp32AVX2(&y[0], &x[0], len(x))
	case isa.AVX512:
		return exp32AVX512(&y[0], &x[0], len(x))
	}
	return 0
}

func sigmoid32Vectors(set isa.Set, y, x []float32) int {
	switch set {
	case isa.AVX2:
		return sigmoid32AVX2(&y[0], &x[0], len(x))
	case isa.AVX512:
		return sigmoid32AVX512(&y[0], &x[0], len(x))
	}
	return 0
}

func tanh32Vectors(set isa.Set, y, x []float32) int {
	switch set {
	case isa.AVX2:
		return tanh32AVX2(&y[0], &x[0], len(x))
	case isa.AVX512:
		return tanh32AVX512(&y[0], &x[0], len(x))
	}
	return 0
}

func exp64Vectors(set isa.Set, y, x []float64) int {
	switch set {
	case isa.AVX2:
		return exp64AVX2(&y[0], &x[0], len(x))
	case isa.AVX512:
		return exp64AVX512(&y[0], &x[0], len(x))
	}
	return 0
}

func sigmoid64Vectors(set isa.Set, y, x []float64) int {
	switch set {
	case isa.AVX2:
		return sigmoid64AVX2(&y[0], &x[0], len(x))
	case isa.AVX512:
		return sigmoid64AVX512(&y[0], &x[0], len(x))
	}
	return 0
}

func log64Vectors(set isa.Set, y, x []float64) int {
	switch set {
	case isa.AVX2:
		return log64AVX2(&y[0], &x[0], len(x))
	case isa.AVX512:
		return log64AVX512(&y[0], &x[0], len(x))
	}
	return 0
}

func geluVectors[F Float](set isa.Set, y, x []F) int {
	switch x := any(x).(type) {
	case []float32:
		y, _ := any(y).([]float32)
		switch set {
		case isa.AVX2:
			return gelu32AVX2(&y[0], &x[0], len(x))
		case isa.AVX512:
			return gelu32AVX512(&y[0], &x[0], len(x))
		}
	case []float64:
		y, _ := any(y).([]float64)
		switch set {
		case isa.AVX2:
			return gelu64AVX2(&y[0], &x[0], len(x))
		case isa.AVX512:
			return gelu64AVX512(&y[0], &x[0], len(x))
		}
	}
	return 0
}

func geluBackVectors[F Float](set isa.Set, dx, x, dy []F) int {
	switch x := any(x).(type) {
	case []float32:
		dx, _ := any(dx).([]float32)
		dy, _ := any(dy).([]float32)
		switch set {
		case isa.AVX2:
			return geluBack32AVX2(&dx[0], &x[0], &dy[0], len(x))
		case isa.AVX512:
			return geluBack32AVX512(&dx[0], &x[0], &dy[0], len(x))
		}
	case []float64:
		dx, _ := any(dx).([]float64)
		dy, _ := any(dy).([]float64)
		switch set {
		case isa.AVX2:
			return geluBack64AVX2(&dx[0], &x[0], &dy[0], len(x))
		case isa.AVX512:
			return geluBack64AVX512(&dx[0], &x[0], &dy[0], len(x))
		}
	}
	return 0
}
