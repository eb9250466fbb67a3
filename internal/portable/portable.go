// Package portable computes functions with the same bits on every machine.
//
// The functions of package math are partly in assembly and may be compiled to
// fused multiply-adds, so their last bits differ between processors. Here each
// addition, subtraction, multiplication, division and square root is rounded to
// float64 on its own, as IEEE 754 prescribes, in the order written; converting
// each product to float64 forbids fusion.
//
// [Exp], [Log], [SeriesLog] and [Normal] are part of the masks' definition, and their bits
// never change.
package portable

const (
	ln2High = 6.93147180369123816490e-01 // the leading 32 bits of ln 2
	ln2Low  = 1.90821492927058770002e-10 // the rest
)

// polynomial returns coefficients[0]*x^n + ... + coefficients[n], by Horner's rule.
func polynomial(x float64, coefficients ...float64) float64 {
	sum := coefficients[0]
	for _, c := range coefficients[1:] {
		sum = float64(sum*x) + c
	}
	return sum
}
