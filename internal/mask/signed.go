package mask

// Signed is a mask of stored bits that moves elements by their sign: a kept x
// becomes Scale*x + Kept*sgn(x), a dropped one -Dropped*sgn(x). NaN stays NaN.
type Signed struct {
	Layout               Layout
	Bits                 []uint64 // as Bits.Kept
	Scale, Kept, Dropped float64
}

// Float32 applies the mask.
func (m Signed) Float32(dst, src []float32) { move(dst, src, m) }

// Float64 applies the mask.
func (m Signed) Float64(dst, src []float64) { move(dst, src, m) }

func move[F float32 | float64](dst, src []F, m Signed) {
	scale, kept, dropped := F(m.Scale), F(m.Kept), F(m.Dropped)
	m.Layout.runs(func(at, e, n int, shared bool) {
		to, from := dst[at:at+n], src[at:at+n]
		for i, x := range from {
			bit := e
			if !shared {
				bit += i
			}
			if m.Bits[bit/64]>>(bit%64)&1 == 1 {
				to[i] = F(x*scale) + F(kept*sign(x))
			} else {
				// Subtracted from zero instead of negated, so that a zero x
				// gives +0.
				to[i] = 0 - F(dropped*sign(x))
			}
		}
	})
}

// sign returns -1, 0 or 1, and NaN for NaN.
func sign[F float32 | float64](x F) F {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	case x == 0:
		return 0
	}
	return x
}
