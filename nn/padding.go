package nn

import (
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// present holds the indices of what is not padding, for each example; nil where
// there is no mask.
type present [][]int

// presentKeys returns the keys that a mask leaves.
func presentKeys[F op.Float](a *attention, in op.Args[F]) (present, error) {
	if !a.masked {
		return nil, nil
	}
	return presentIn(in.Floats[a.sources], in.Shapes[a.sources][1])
}

// presentIn returns what a mask (N, T) leaves, or an error if it is not 0 and 1.
func presentIn[F op.Float](mask []F, times int) (present, error) {
	if err := checkMask(mask, times); err != nil {
		return nil, err
	}
	p, all := make(present, 0, len(mask)/times), make([]int, 0, len(mask))
	for from := 0; from < len(mask); from += times {
		first := len(all)
		for t, v := range mask[from : from+times] {
			if v != 0 {
				all = append(all, t)
			}
		}
		p = append(p, all[first:len(all):len(all)])
	}
	return p, nil
}

// checkMask returns an error unless the values of a mask (N, T) are 0 or 1.
func checkMask[F op.Float](mask []F, times int) error {
	for i, v := range mask {
		if v != 0 && v != 1 {
			return exampleError(i, times, "mask", "must be 0 or 1, got %v", v)
		}
	}
	return nil
}

// A compaction is a head without its padding, as one of a shorter sequence.
type compaction[F op.Float] struct {
	keys    []int // that are there
	queries []int // that are computed; nil: all
	of      head[F]
}

// compactionOf returns that of head i, which is h.
func compactionOf[F op.Float](p present, a *attention, h head[F], i int) compaction[F] {
	c := compaction[F]{keys: p[i/a.heads], of: h}
	if a.sources == 1 {
		c.queries = c.keys
	}
	return c
}

// rows returns the number of queries.
func (c compaction[F]) rows() int {
	if c.queries == nil {
		return c.of.queries
	}
	return len(c.queries)
}

// area returns the number of weights, and size that of the elements of a head.
func (c compaction[F]) area() int { return c.rows() * len(c.keys) }
func (c compaction[F]) size() int { return (c.rows() + 2*len(c.keys)) * c.of.width }

// in returns the compact form of h in memory, without its contents, and the rest of
// the memory. Queries stay where they are if all are computed.
func (c compaction[F]) in(memory []F, h head[F]) (compact head[F], rest []F) {
	next := func(rows int) matrix[F] {
		m := matrix[F]{data: memory[:rows*h.width], stride: h.width}
		memory = memory[rows*h.width:]
		return m
	}
	q := h.q
	h.k, h.v = next(len(c.keys)), next(len(c.keys))
	if h.q = next(c.rows()); c.queries == nil {
		h.q = q
	}
	h.queries, h.keys = c.rows(), len(c.keys)
	return h, memory
}

// head returns the compact form of the head in memory, and the rest of the memory.
func (c compaction[F]) head(memory []F) (compact head[F], rest []F) {
	compact, rest = c.in(memory, c.of)
	compact.k.take(c.keys, c.of.k, c.of.width)
	compact.v.take(c.keys, c.of.v, c.of.width)
	if c.queries != nil {
		compact.q.take(c.queries, c.of.q, c.of.width)
	}
	return compact, rest
}

// spreadHead sets those gradients dh that are wanted from their compact form.
func (c compaction[F]) spreadHead(dh, compact head[F]) {
	if dh.wanted.queries && c.queries != nil {
		dh.q.put(c.queries, compact.q, dh.width)
	}
	if dh.wanted.keys {
		dh.k.put(c.keys, compact.k, dh.width)
		dh.v.put(c.keys, compact.v, dh.width)
	}
}

// gather sets compact weights to those of the whole head, and spread the opposite.
func (c compaction[F]) gather(compact, whole []F) {
	c.each(func(from, to int) { compact[to] = whole[from] })
}

func (c compaction[F]) spread(whole, compact []F) {
	c.each(func(to, from int) { whole[to] = compact[from] })
}

// each calls f with the place of each weight in the whole and in the compact head.
func (c compaction[F]) each(f func(whole, compact int)) {
	for i := range c.rows() {
		row := i
		if c.queries != nil {
			row = c.queries[i]
		}
		for j, key := range c.keys {
			f(row*c.of.keys+key, i*len(c.keys)+j)
		}
	}
}
