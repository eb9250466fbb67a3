package solver

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

// Squares returns the sum of the squares of g in float64: of eight partial
// sums, each of every eighth element.
func Squares[F Float](g []F) float64 { return squares(isa.Active(), g) }

func squares[F Float](set isa.Set, g []F) float64 {
	// Each addition waits for the one before it, and eight are two vectors.
	var s [8]float64
	if g32, ok := any(g).([]float32); ok {
		g = g[squares32(set, &s, g32):]
	}
	for ; len(g) >= 8; g = g[8:] {
		for i := range s {
			s[i] += float64(float64(g[i]) * float64(g[i]))
		}
	}
	for i, x := range g {
		s[i] += float64(float64(x) * float64(x))
	}
	return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]))
}

// ColumnSquares adds to sums the squares of the columns of a matrix, which is
// given by its first element, the distance between rows, and their number.
func ColumnSquares[F Float](sums []float64, w []F, distance, rows int) {
	columnSquares(isa.Active(), sums, w, distance, rows)
}

func columnSquares[F Float](set isa.Set, sums []float64, w []F, distance, rows int) {
	n := len(sums)
	// Four rows at a time load and store the sums a quarter as often.
	for ; rows >= 4; rows -= 4 {
		a, b, c, d := w[:n], w[distance:distance+n], w[2*distance:2*distance+n], w[3*distance:3*distance+n]
		i := 0
		if a, ok := any(a).([]float32); ok {
			i = addSquares32(set, sums, a, any(b).([]float32), any(c).([]float32), any(d).([]float32))
		}
		for ; i < len(sums); i++ {
			p, q, r, s := float64(a[i]), float64(b[i]), float64(c[i]), float64(d[i])
			sums[i] += (float64(p*p) + float64(q*q)) + (float64(r*r) + float64(s*s))
		}
		w = w[min(4*distance, len(w)):]
	}
	for ; rows > 0; rows-- {
		for i, x := range w[:n] {
			sums[i] += float64(float64(x) * float64(x))
		}
		w = w[min(distance, len(w)):]
	}
}

// ScaleBy multiplies each element by its own factor, in float64.
func ScaleBy[F Float](x []F, by []float64) { scaleBy(isa.Active(), x, by) }

func scaleBy[F Float](set isa.Set, x []F, by []float64) {
	by = by[:len(x)]
	i := 0
	if x, ok := any(x).([]float32); ok {
		i = scaleBy32(set, x, by)
	}
	for ; i < len(x); i++ {
		x[i] = F(float64(x[i]) * by[i])
	}
}
