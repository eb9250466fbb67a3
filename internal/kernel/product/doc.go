// Package product multiplies matrices, with the same bits on every machine.
//
// # Contract
//
// Each element of C = alpha*A*B + beta*C is a chain of fused multiply-adds in the type
// of the operands, over k in ascending order:
//
//	c = beta*C[i,j]         (+0 where beta is 0, whatever C holds)
//	c = fma(alpha*A[i,k], B[k,j], c)   for k = 0, 1, ...
//
// where alpha*A[i,k] and beta*C[i,j] are rounded products. With alpha = 0 the operands
// are not read. Blocks, vectors, goroutines and the processor do not appear in it: a
// block of k goes on from what the last one stored, which is exact. So all instruction
// sets and any number of goroutines give the same bits, and a row of a batch has the
// bits that it has alone. Only which NaN a NaN is may differ.
//
// Sums of one vector ([Dot], [AbsoluteSum] and [Norm]) have many chains, see [Dot].
//
// # Form
//
// Blocks and packing follow Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication", ACM TOMS 34, 2008, and BLIS (Van Zee and van de Geijn, ACM TOMS 41,
// 2015). A is packed into panels of as many rows as a tile has; columns of B, as many as a
// tile has, are packed by the goroutine that multiplies them with panels, so that they are
// still in its first-level cache. Few rows need no packing of B.
//
// Where a has many zeros, as after dropout, rows of c are computed from lists of the elements
// that are not 0.
//
// Each goroutine has a part of the rows or of the columns, the same in each product, since
// what another core has in its caches comes slowly. Either all pack A together, each the
// rows that it has, or, where it pays, each packs all of A for itself.
package product
