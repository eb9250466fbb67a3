package portable

import "math"

// Erfc returns the complementary error function of x, 1 - erf(x), to within ten units
// in the last place, by the rational functions of Cephes (Moshier, 1989): of x^2 where
// |x| < 1, else of |x| times exp(-x^2).
func Erfc(x float64) float64 {
	if x != x {
		return x
	}
	a := math.Abs(x)
	if a < 1 {
		z := float64(x * x)
		p := polynomial(z, 9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3, 7.00332514112805075473e3, 5.55923013010394962768e4)
		q := polynomial(z, 1, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3, 2.26290000613890934246e4, 4.92673942608635921086e4)
		return 1 - float64(x*p)/q
	}
	if a > 27 {
		return 1 - math.Copysign(1, x)
	}
	var p, q float64
	if a < 8 {
		p = polynomial(a, 2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0, 4.86371970985681366614e1, 1.96520832956077098242e2,
			5.26445194995477358631e2, 9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2)
		q = polynomial(a, 1, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2, 9.75708501743205489753e2,
			1.82390916687909736289e3, 2.24633760818710981792e3, 1.65666309194161350182e3, 5.57535340817727675546e2)
	} else {
		p = polynomial(a, 5.64189583547755073984e-1, 1.27536670759978104416e0, 5.01905042251180477414e0, 6.16021097993053585195e0, 7.40974269950448939160e0, 2.97886665372100240670e0)
		q = polynomial(a, 1, 2.26052863220117276590e0, 9.39603524938001434673e0, 1.20489539808096656605e1, 1.70814450747565897222e1, 9.60896809063285878198e0, 3.36907645100081516050e0)
	}
	tail := float64(square(a)*p) / q
	if x < 0 {
		return 2 - tail
	}
	return tail
}

// square returns exp(-a^2). The square is taken in two parts, since its
// rounding error would be multiplied by a^2 in the result.
func square(a float64) float64 {
	high := math.Float64frombits(math.Float64bits(a) &^ (1<<32 - 1)) // 21 bits: high^2 is exact
	low := a - high
	return float64(Exp(-float64(high*high)) * Exp(-float64(low*(a+high))))
}
