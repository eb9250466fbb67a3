package product

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Dropout sets units to 0, and so does ReLU. A product whose a has many zeros is computed from
// lists of its other elements, with the bits that it has with the zeros: they add nothing to a
// sum. They would in two cases, in which the product is refused here and computed with them. If
// alpha or an element of b is not finite, 0 times it is NaN; and a sum that has underflowed to
// -0 becomes +0 if +0 is added. Sums begin at +0, and become -0 in no other way. Both are rare
// in training.

const (
	// strip is the most vectors of a row of c that are computed at once: as many sums as
	// there are registers for, in the generator too.
	strip = 12
	// stripDepth is how much of k is packed at a time. Shorter strips of b would be in the
	// first-level cache whole (these have 42 KiB with AVX2), but then sums are put away and
	// taken up again more often, which for lists as short as these costs more.
	stripDepth = 112
	// chunkRows is how many rows of a are listed together.
	chunkRows = 32
	// blockRows and blockElements bound the rows of which there are lists at a time.
	blockRows     = 4096
	blockElements = 1 << 20
)

// sparseFunc computes c += a*b, or c = a*b unless add is 1, for some rows and at most strip
// vectors of columns. Of each row of a there is a list of the elements that are not 0, one after
// the other: how many are in counts, they are in values, and offsets has the byte offset from b
// of the row of b for each. Row i of c is at c[i*cStep]. If last is 1 it reports whether c has
// any -0.
type sparseFunc[F Float] func(rows, vectors int, counts *uint32, values *F, offsets *uint32, b, c *F, cStep, add, last int) (minusZero int)

// listFunc makes these lists for rows of n elements, row i at src[i*ld]. The offset of element p
// is p*step. It may write as much as a vector beyond them, and returns their length.
type listFunc[F Float] func(rows, n int, src *F, ld int, step uint32, counts *uint32, values *F, offsets *uint32) (total int)

// sparse are the loops for products with zeros.
type sparse[F Float] struct {
	lanes   int // of the vectors of compute
	compute sparseFunc[F]
	list    listFunc[F]
	dense   float64 // the share of elements that are not 0 from which on they do not pay

	jobs  sync.Pool // of *sparseJob[F]
	teams parallel.Team[*sparseJob[F]]
}

// sparseJob is the product of a block of rows of a. First all of it is listed, then c is
// computed.
type sparseJob[F Float] struct {
	*kernels[F]
	a, b, c Matrix[F]
	alpha   F

	depth      parts // the pieces of k
	chunks     parts // of rows
	strips     parts // of the vectors of a row of c
	groups     parts // of chunks: a task is a strip and a group
	goroutines int

	// Lists of a chunk and a piece follow each other, those of a piece and all chunks too.
	counts, offsets []uint32
	values          []F

	steps [2]parallel.Tasks
	share func(j *sparseJob[F], worker int)
	// refused says that the zeros must not be left out.
	refused atomic.Bool
}

// pays reports whether a product is large enough and a has zeros enough, to judge by some of
// its elements.
func (k *kernels[F]) pays(a, b Matrix[F]) bool {
	const smallest, looks = 32, 128
	if k.sparse == nil || a.Rows < smallest || b.Cols < smallest || a.Cols < smallest/2 {
		return false
	}
	found := 0
	for i := range looks {
		column := uint64(uint32(i)*2654435769) * uint64(a.Cols) >> 32 // Fibonacci hashing
		if a.from(i*a.Rows/looks, int(column))[0] != 0 {
			found++
		}
	}
	return float64(found) < k.sparse.dense*looks
}

// runSparse computes c = alpha*a*b, on so many goroutines at most. It reports false, and leaves
// c as it may be, where the zeros must not be left out.
func (k *kernels[F]) runSparse(goroutines int, alpha F, a, b, c Matrix[F]) bool {
	if alpha-alpha != 0 {
		return false
	}
	j, ok := k.sparse.jobs.Get().(*sparseJob[F])
	if !ok {
		j = &sparseJob[F]{kernels: k, share: func(j *sparseJob[F], worker int) { j.work(worker) }}
	}
	j.b, j.alpha = b, alpha
	j.refused.Store(false)
	blocks := cut(a.Rows, max(chunkRows, min(blockRows, blockElements/a.Cols)))
	for i := range blocks.count {
		rows := blocks.part(i)
		j.a, j.c = a.rows(rows), c.rows(rows)
		j.plan(goroutines)
		k.sparse.teams.Run(j.goroutines, j, j.share)
		if j.refused.Load() {
			break
		}
	}
	// The pool must not keep the operands.
	j.a, j.b, j.c = Matrix[F]{}, Matrix[F]{}, Matrix[F]{}
	done := !j.refused.Load()
	k.sparse.jobs.Put(j)
	return done
}

// plan cuts up the product and makes room for the lists.
func (j *sparseJob[F]) plan(goroutines int) {
	m, n, k := j.c.Rows, j.c.Cols, j.a.Cols
	j.depth, j.chunks = cut(k, stripDepth), cut(m, chunkRows)
	j.strips = cut(ceil(n, j.sparse.lanes), strip)
	j.goroutines = max(1, min(goroutines, j.chunks.count*j.strips.count, m*n*k/j.grain))
	// Several tasks for each, so that one that is interrupted holds up little.
	j.groups = parts{j.chunks.count, 1}
	if j.goroutines > 1 {
		j.groups.count = min(j.chunks.count, ceil(4*j.goroutines, j.strips.count))
	}
	lists := j.depth.count * j.chunks.count
	if need := lists * j.chunks.largest(); len(j.counts) < need {
		j.counts = make([]uint32, need)
	}
	if need := lists * j.listSize(); len(j.values) < need {
		j.values, j.offsets = make([]F, need), make([]uint32, need)
	}
	j.steps[0].Reset(j.chunks.count, j.goroutines)
	j.steps[1].Reset(j.strips.count*j.groups.count, j.goroutines)
}

// listSize is the room for the lists of a chunk and a piece.
func (j *sparseJob[F]) listSize() int { return j.chunks.largest()*j.depth.largest() + maxLanes }

// width is the number of elements of a row of a packed strip.
func (k *kernels[F]) width() int { return strip * k.sparse.lanes }

// work takes tasks until there are no more.
func (j *sparseJob[F]) work(worker int) {
	w := j.worker()
	finish(&j.steps[0], worker, j.chunks.count, func(i int) { w.listChunk(j, i) })
	finish(&j.steps[1], worker, j.strips.count*j.groups.count, func(i int) {
		if !j.refused.Load() && !w.computeStrip(j, i%j.strips.count, j.groups.part(i/j.strips.count)) {
			j.refused.Store(true)
		}
	})
	j.workers.Put(w)
}

// listChunk lists a chunk of rows of a.
func (w *worker[F]) listChunk(j *sparseJob[F], chunk int) {
	rows := j.chunks.part(chunk)
	step := uint32(w.width() * w.size())
	for p := range j.depth.count {
		piece := j.depth.part(p)
		src, ld := j.a.from(rows.first, piece.first), j.a.RowStep
		if j.a.ColStep != 1 {
			ld = stripDepth
			src = w.room(chunkRows*ld + 2*maxLanes)
			for at := 0; at < piece.n; at += w.columns() {
				w.pack(src[at:], ld, j.a.from(rows.first, piece.first+at), j.a.ColStep, j.a.RowStep, min(w.columns(), piece.n-at), rows.n)
			}
		}
		counts, values, offsets := j.lists(p, chunk)
		total := w.sparse.list(rows.n, piece.n, &src[0], ld, step, &counts[0], &values[0], &offsets[0])
		scaleBy(values[:total], j.alpha)
	}
}

// lists returns the memory for the lists of a piece and a chunk.
func (j *sparseJob[F]) lists(piece, chunk int) (counts []uint32, values []F, offsets []uint32) {
	i, size := piece*j.chunks.count+chunk, j.listSize()
	return j.counts[i*j.chunks.largest():], j.values[i*size:][:size], j.offsets[i*size:][:size]
}

// computeStrip computes a strip of the rows of a group of chunks. It reports false where the
// zeros must not be left out.
func (w *worker[F]) computeStrip(j *sparseJob[F], strip int, group span) bool {
	vectors := j.strips.part(strip)
	lanes := w.sparse.lanes
	first := vectors.first * lanes
	cols := min(vectors.n*lanes, j.c.Cols-first)
	b := w.strips().b
	rows := span{j.chunks.part(group.first).first, 0}
	rows.n = j.chunks.part(group.end()-1).end() - rows.first
	c, cStep := j.c.from(rows.first, first), j.c.RowStep
	// Whole vectors are written where they belong, others in memory of their own.
	whole := cols == vectors.n*lanes && j.c.ColStep == 1
	if !whole {
		c, cStep = w.room(rows.n*w.width()), w.width()
	}
	for p := range j.depth.count {
		piece := j.depth.part(p)
		w.packStrip(b, j.b.T(), span{first, cols}, piece)
		if !w.finite(vectors.n, cols, piece.n) {
			return false
		}
		add, last := number(p > 0), number(whole && p == j.depth.count-1)
		for i := group.first; i < group.end(); i++ {
			chunk := j.chunks.part(i)
			counts, values, offsets := j.lists(p, i)
			if w.sparse.compute(chunk.n, vectors.n, &counts[0], &values[0], &offsets[0], &b[0], &c[(chunk.first-rows.first)*cStep], cStep, add, last) != 0 {
				return false
			}
		}
	}
	if whole {
		return true
	}
	for i := range rows.n {
		to := j.c.from(rows.first+i, first)
		for l, x := range c[i*cStep:][:cols] {
			if x == 0 && math.Signbit(float64(x)) {
				return false
			}
			to[l*j.c.ColStep] = x
		}
	}
	return true
}

// packStrip packs some columns of b, whose transpose is given, and a piece of k.
func (w *worker[F]) packStrip(dst []F, t Matrix[F], columns, piece span) {
	for at := 0; at < columns.n; at += w.columns() {
		w.pack(dst[at:], w.width(), t.from(columns.first+at, piece.first), t.RowStep, t.ColStep, min(w.columns(), columns.n-at), piece.n)
	}
}

// stripMemory is what a goroutine has for strips.
type stripMemory[F Float] struct {
	b   []F // packed
	row []F // of c
	// A list of all rows of b, each with the value 0.
	count   [1]uint32
	nothing [stripDepth]F
	places  [stripDepth]uint32
}

func (w *worker[F]) strips() *stripMemory[F] {
	if w.strip == nil {
		w.strip = &stripMemory[F]{b: make([]F, stripDepth*w.width()+2*maxLanes), row: make([]F, w.width())}
		for i := range w.strip.places {
			w.strip.places[i] = uint32(i * w.width() * w.size())
		}
	}
	return w.strip
}

// finite reports whether the packed strip is: then 0 times it is 0.
func (w *worker[F]) finite(vectors, cols, k int) bool {
	s := w.strip
	s.count[0] = uint32(k)
	w.sparse.compute(1, vectors, &s.count[0], &s.nothing[0], &s.places[0], &s.b[0], &s.row[0], 0, 0, 0)
	for _, x := range s.row[:cols] {
		if x != 0 {
			return false
		}
	}
	return true
}
