package portable

import "math"

// Cos returns the cosine of x in [0, pi] to within a unit in the last place or so, by
// the polynomials of Cephes (Moshier, 1989) in [-pi/4, pi/4].
func Cos(x float64) float64 {
	const (
		// pi/4 in three parts, the first two of which have few bits.
		high   = 7.85398125648498535156e-1
		middle = 3.77489470793079817668e-8
		low    = 2.69515142907905952645e-15
	)
	octant := math.Floor(x * (4 / math.Pi))
	if math.Mod(octant, 2) == 1 {
		octant++
	}
	z := ((x - float64(octant*high)) - float64(octant*middle)) - float64(octant*low)
	zz := float64(z * z)
	sine := z + float64(z*float64(zz*polynomial(zz,
		1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6, -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1)))
	cosine := 1 - float64(0.5*zz) + float64(float64(zz*zz)*polynomial(zz,
		-1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7, 2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2))
	switch octant {
	case 0:
		return cosine
	case 2:
		return -sine
	}
	return -cosine
}
