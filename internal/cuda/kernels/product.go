package kernels

import (
	"slices"

	"github.com/gorgonia-dropout/dropout/internal/cuda/remote"
)

// Product is the argument of the kernels of matrix products, in the order of package
// product: c = a·b, or c + a·b, and what may follow. [NewProduct] has one of two
// matrices, [Product.Kernel] chooses a kernel.
type Product struct {
	C, A, B remote.Pointer
	Bias    remote.Pointer // 0: none
	Gate    remote.Pointer // 0: none; where it is positive, an element is scaled, else +0
	Mask    remote.Pointer // 0: no dropout; with a gate only its scale is of use

	LDA, LDB, LDC       int64 // from row to row in memory, of the gate as of c
	AStep, BStep, CStep int64 // from product to product

	ASegment, BSegment int64 // from segment to segment of k
	Total              int64 // k of all segments together: the last may be shorter
	CPart              int64 // from part to part

	M, N, K   int32 // of c, and of a segment
	Batch     int32 // number of products
	Segments  int32
	Parts     int32 // into which segments are divided, each with a c of its own
	Add       int32 // 1: add to c
	BiasRows  int32 // 1: the bias has an element for each row, not for each column
	BiasFirst int32 // 1: sums begin with the bias
	ReLU      int32 // 1: the positive part of the sum
}

// NewProduct returns the sizes of one product of an m×k matrix by a k×n matrix.
func NewProduct(m, n, k int) Product {
	return Product{M: int32(m), N: int32(n), K: int32(k), Total: int64(k), Batch: 1, Segments: 1, Parts: 1}
}

// A Form says how the operands of a product are in memory.
type Form string

const (
	ByRows      Form = "nn" // both by rows
	TransposedB Form = "nt" // b by columns
	TransposedA Form = "tn" // a by columns
)

// A tiling is a way to divide a product among blocks.
type tiling struct {
	name          string
	rows, columns int // of c, computed by a block
	threads       int
	cycles        int // of a multiprocessor for each k of a block, estimated
	forms         []Form
}

var allForms = []Form{ByRows, TransposedB, TransposedA}

var tilings = []tiling{
	{"64x64", 64, 64, 128, 36, allForms},
	{"32x32", 32, 32, 128, 12, allForms},
	{"8x16", 8, 16, 128, 8, []Form{TransposedA}},
	{"2x16", 2, 16, 128, 6, []Form{ByRows, TransposedB}},
}

// multiprocessors is the number in the device that the choice of a kernel is made for. On
// others it only takes longer.
const multiprocessors = 132

func (t tiling) has(f Form) bool { return slices.Contains(t.forms, f) }

// blocks returns the number of blocks of products.
func (t tiling) blocks(m, n, products int) int {
	return (m + t.rows - 1) / t.rows * ((n + t.columns - 1) / t.columns) * products
}

func (t tiling) kernel(form Form) string { return "product_" + string(form) + "_" + t.name }

// Kernel returns the kernel that is likely to be the fastest for a product, with the
// numbers of threads in a block and of blocks that it needs. All kernels of a form give
// the same bits.
func (p *Product) Kernel(form Form) (name string, threads, blocks int) {
	least := -1
	for _, t := range tilings {
		if !t.has(form) {
			continue
		}
		n := t.blocks(int(p.M), int(p.N), p.products())
		// Of the multiprocessor that has the most blocks.
		if cycles := (n + multiprocessors - 1) / multiprocessors * t.cycles; least < 0 || cycles < least {
			least = cycles
			name, threads, blocks = t.kernel(form), t.threads, n
		}
	}
	return name, threads, blocks
}

// products returns the number of matrices that are computed.
func (p *Product) products() int { return int(p.Batch * p.Parts) }

// A Variant is one of the kernels for a product.
type Variant struct {
	Kernel          string
	Threads, Blocks int
}

// Variants returns all kernels that compute a product, to be compared.
func (p *Product) Variants(form Form) []Variant {
	var all []Variant
	for _, t := range tilings {
		if t.has(form) {
			all = append(all, Variant{t.kernel(form), t.threads, t.blocks(int(p.M), int(p.N), p.products())})
		}
	}
	return all
}
