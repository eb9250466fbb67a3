package optim

import "math"

// The loops that solvers share. All slices of a call have the same length;
// resliced to it, they are indexed without bounds checks.

// squaresClipped returns the sum of the squares of g clipped to [-limit, limit].
func squaresClipped[F float](g []F, limit float64) float64 {
	sum := 0.0
	for _, x := range g {
		sum += min(float64(x)*float64(x), limit*limit)
	}
	return sum
}

// clip clips g to [-limit, limit]. NaN stays NaN.
func clip[F float](g []F, limit F) {
	for i, x := range g {
		if x > limit {
			g[i] = limit
		} else if x < -limit {
			g[i] = -limit
		}
	}
}

// scale multiplies x by a.
func scale[F float](x []F, a F) {
	for i := range x {
		x[i] *= a
	}
}

// addScaled adds a*x to y.
func addScaled[F float](y, x []F, a F) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += F(a * v) // the conversion keeps the product from being fused with the sum
	}
}

// addSign adds a*sign(x) to y, with sign(0) = 0. It copies the sign, since a
// branch on it is hard to predict.
func addSign[F float](y, x []F, a F) {
	y = y[:len(x)]
	for i, v := range x {
		product := F(math.Copysign(float64(a), float64(v)))
		if v == 0 || v != v {
			product = 0
		}
		y[i] += product
	}
}
