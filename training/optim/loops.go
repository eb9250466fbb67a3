package optim

import "math"

// The loops that solvers share. All slices of a call have the same length;
// resliced to it, they are indexed without bounds checks.

// squares returns the sum of the squares of g.
func squares[F float](g []F) float64 {
	// Eight sums, since each addition waits for the one before, and eight make
	// two vectors.
	var s [8]float64
	if g32, ok := any(g).([]float32); ok {
		g = g[squares32(&s, g32):]
	}
	for ; len(g) >= 8; g = g[8:] {
		for i := range s {
			s[i] += float64(g[i]) * float64(g[i])
		}
	}
	for i, x := range g {
		s[i] += float64(x) * float64(x)
	}
	return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]))
}

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
		y[i] += a * v
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
