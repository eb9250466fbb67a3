// Package exactsum adds floating-point numbers without rounding, so that a sum
// does not depend on the order or the grouping of its parts.
//
// A sum is an integer in units of 2^-1074, the smallest positive float64. Its
// digits have room for many additions without carrying: it is the small
// superaccumulator of Neal, "Fast Exact Summation Using Small and Large
// Superaccumulators", 2015, with only the digits that are in use.
package exactsum

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

const (
	digitBits = 32
	unit      = -1074 // the exponent of the units
	// full is the number of additions after which digits are carried, long
	// before they overflow.
	full = 1 << 29
)

// A Sum is an exact sum of float64 values; its zero value is 0. Copies share
// memory, so use pointers.
type Sum struct {
	low     int     // the place of digits[0]: digit i counts 2^(32*(low+i)) units
	digits  []int64 // below 2^32 when carried, the last with the sign of the sum
	added   int     // additions since digits were carried
	special float64 // the sum of what was infinite or NaN
}

// Add adds x. A sum with an infinity is infinite; one with both, or with NaN,
// is NaN.
func (s *Sum) Add(x float64) {
	bits := math.Float64bits(x)
	exponent, mantissa := int(bits>>52&0x7ff), bits&(1<<52-1)
	switch exponent {
	case 0x7ff:
		s.special += x
		return
	case 0:
		exponent = 1
	default:
		mantissa |= 1 << 52
	}
	if mantissa == 0 {
		return
	}
	place, shift := (exponent-1)/digitBits, uint(exponent-1)%digitBits
	d := s.cover(place, place+2)
	parts := [3]int64{
		int64(mantissa << shift & math.MaxUint32),
		int64(mantissa >> (digitBits - shift) & math.MaxUint32),
		int64(mantissa >> (2*digitBits - shift)),
	}
	for i, part := range parts {
		if bits>>63 != 0 {
			part = -part
		}
		d[i] += part
	}
	s.count()
}

// AddProduct adds x*y, exactly unless it is below 2^-1022 and so may not have
// room for all its digits.
func (s *Sum) AddProduct(x, y float64) {
	p := x * y
	s.Add(p)
	if !math.IsInf(p, 0) && p == p {
		s.Add(math.FMA(x, y, -p))
	}
}

// Merge adds another sum.
func (s *Sum) Merge(other *Sum) { s.merge(other, 1) }

// Subtract subtracts another sum.
func (s *Sum) Subtract(other *Sum) { s.merge(other, -1) }

func (s *Sum) merge(other *Sum, sign int64) {
	s.special += float64(float64(sign) * other.special)
	if len(other.digits) == 0 {
		return
	}
	carried := other.clone()
	carried.carry()
	d := s.cover(carried.low, carried.low+len(carried.digits)-1)
	for i, digit := range carried.digits {
		d[i] += sign * digit
	}
	s.count()
}

func (s *Sum) clone() *Sum {
	c := *s
	c.digits = slices.Clone(s.digits)
	return &c
}

// cover returns the digits from one place to another, and makes those that are
// missing.
func (s *Sum) cover(from, to int) []int64 {
	if len(s.digits) == 0 {
		s.low = from
	}
	if n := s.low - from; n > 0 {
		s.digits = append(make([]int64, n), s.digits...)
		s.low = from
	}
	for s.low+len(s.digits) <= to {
		s.digits = append(s.digits, 0)
	}
	return s.digits[from-s.low : to+1-s.low]
}

// count counts an addition.
func (s *Sum) count() {
	if s.added++; s.added >= full {
		s.carry()
	}
}

// carry makes all digits except the last non-negative and below 2^32, and the
// last one below that in magnitude.
func (s *Sum) carry() {
	for i := 0; i < len(s.digits); i++ {
		d := s.digits[i]
		over := d >> digitBits
		if i == len(s.digits)-1 {
			if -1<<digitBits < d && d < 1<<digitBits {
				break
			}
			s.digits = append(s.digits, 0)
		}
		s.digits[i] = d - over<<digitBits
		s.digits[i+1] += over
	}
	s.added = 0
}

// Units returns the sum as an integer in units of 2^-1074, for arithmetic
// without rounding. The sum must be Finite.
func (s *Sum) Units() *big.Int {
	all := new(big.Int)
	for _, d := range slices.Backward(s.digits) {
		all.Lsh(all, digitBits)
		all.Add(all, big.NewInt(d))
	}
	return all.Lsh(all, uint(digitBits*s.low))
}

// Finite reports whether all numbers added were finite.
func (s *Sum) Finite() bool { return s.special == 0 }

// Float64 returns the sum, rounded once to the nearest float64.
func (s *Sum) Float64() float64 {
	if !s.Finite() {
		return s.special
	}
	exact := new(big.Float).SetInt(s.Units())
	x, _ := new(big.Float).SetMantExp(exact, unit).Float64()
	return x
}

// Ratio returns a/b rounded once, NaN if both are 0.
func Ratio(a, b *Sum) float64 {
	over := b.Units()
	if !a.Finite() || !b.Finite() || over.Sign() == 0 {
		return a.Float64() / b.Float64()
	}
	x, _ := new(big.Rat).SetFrac(a.Units(), over).Float64()
	return x
}

// MarshalText writes the sum exactly: equal sums have equal texts.
func (s Sum) MarshalText() ([]byte, error) {
	if !s.Finite() {
		return strconv.AppendFloat(nil, s.special, 'g', -1, 64), nil
	}
	n := s.Units()
	zeros := n.TrailingZeroBits()
	return []byte(n.Rsh(n, zeros).Text(16) + "p" + strconv.Itoa(int(zeros))), nil
}

// mostBits is more than any sum has, 2^52 times the largest number included.
const mostBits = 2200

// UnmarshalText reads what [Sum.MarshalText] has written.
func (s *Sum) UnmarshalText(text []byte) error {
	switch string(text) {
	case "NaN", "+Inf", "-Inf":
		x, err := strconv.ParseFloat(string(text), 64)
		*s = Sum{special: x}
		return err
	}
	mantissa, exponent, _ := strings.Cut(string(text), "p")
	zeros, err := strconv.Atoi(exponent)
	n, ok := new(big.Int), len(mantissa) <= mostBits/4
	if ok {
		n, ok = n.SetString(mantissa, 16)
	}
	if !ok || err != nil || zeros < 0 || n.BitLen()+zeros > mostBits {
		return errors.Errorf("exactsum: UnmarshalText: text must be a sum, got %q", text)
	}
	*s = Sum{}
	n.Lsh(n, uint(zeros))
	sign := int64(n.Sign())
	n.Abs(n)
	mask := big.NewInt(math.MaxUint32)
	for n.Sign() != 0 {
		s.digits = append(s.digits, sign*new(big.Int).And(n, mask).Int64())
		n.Rsh(n, digitBits)
	}
	return nil
}
