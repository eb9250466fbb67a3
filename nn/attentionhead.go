package nn

import (
	"math"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
)

// A head is the queries, keys and values of one head in one example: matrices
// within the sources, of width columns.
type head[F op.Float] struct {
	q, k, v              matrix[F]
	queries, keys, width int
	// place is where the head's results begin in a tensor of shape (N, T, E),
	// and stride that tensor's E.
	place, stride int
	// wanted says which of a head of gradients are wanted.
	wanted wantedGradients
}

type wantedGradients struct{ queries, keys bool }

// headOf returns head i of all examples.
func headOf[F op.Float](a *attention, in op.Args[F], i int) head[F] {
	last := a.sources - 1
	parts := 4 - a.sources // of the last source
	queries, keys, stride := in.Shapes[0][1], in.Shapes[last][1], in.Shapes[last][2]/parts
	width := stride / a.heads
	n, at := i/a.heads, i%a.heads*width
	part := func(k int) matrix[F] {
		return matrix[F]{data: in.Floats[last][n*keys*parts*stride+k*stride+at:], stride: parts * stride}
	}
	h := head[F]{k: part(parts - 2), v: part(parts - 1), queries: queries, keys: keys, width: width, place: n*queries*stride + at, stride: stride}
	if h.q = part(0); a.sources == 2 {
		h.q = matrix[F]{data: in.Floats[0][h.place:], stride: stride}
	}
	return h
}

func (h head[F]) scale() F { return F(1 / math.Sqrt(float64(h.width))) }

func (m matrix[F]) transpose() matrix[F] {
	m.transposed = !m.transposed
	return m
}

// weigh sets w, of queries × keys, to the weights.
func (h head[F]) weigh(w []F, causal bool) {
	gemm(h.queries, h.keys, h.width, h.q, h.k.transpose(), 0, w, h.keys)
	for t := range h.queries {
		row := w[t*h.keys : (t+1)*h.keys]
		if causal {
			clear(row[t+1:])
			row = row[:t+1]
		}
		distribution(row, h.scale())
	}
}

// distribution replaces x by the softmax of scale*x.
func distribution[F op.Float](x []F, scale F) {
	largest := x[0]
	for _, v := range x[1:] {
		largest = max(largest, v)
	}
	for i, v := range x {
		x[i] = (v - largest) * scale
	}
	elementary.Exp(x)
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	share := F(1 / sum)
	for i := range x {
		x[i] *= share
	}
}

// read sets y to the means of the values with weights w.
func (h head[F]) read(w []F, y matrix[F]) {
	gemm(h.queries, h.width, h.keys, matrix[F]{data: w, stride: h.keys}, h.v, 0, y.data, y.stride)
}

// back sets those of the gradients dh that are wanted, from the weights w, those
// that are kept, and the gradient dy of the result. dw is memory for the gradient
// of the weights, which may be that of kept; dropped applies the dropout to it.
func (h head[F]) back(dh head[F], w, kept, dw []F, dy matrix[F], dropped func(dw []F)) {
	if dh.wanted.keys {
		gemm(h.keys, h.width, h.queries, matrix[F]{kept, h.keys, true}, dy, 0, dh.v.data, dh.v.stride)
	}
	gemm(h.queries, h.keys, h.width, dy, h.v.transpose(), 0, dw, h.keys)
	dropped(dw)
	// Through the softmax: if a weight is 0, so is the gradient of its score.
	for t := range h.queries {
		w, dw := w[t*h.keys:(t+1)*h.keys], dw[t*h.keys:(t+1)*h.keys]
		var mean float64
		for j, g := range dw {
			mean += float64(float64(g) * float64(w[j]))
		}
		for j, g := range dw {
			dw[j] = w[j] * (g - F(mean)) * h.scale()
		}
	}
	scores := matrix[F]{data: dw, stride: h.keys}
	if dh.wanted.queries {
		gemm(h.queries, h.width, h.keys, scores, h.k, 0, dh.q.data, dh.q.stride)
	}
	if dh.wanted.keys {
		gemm(h.keys, h.width, h.queries, scores.transpose(), h.q, 0, dh.k.data, dh.k.stride)
	}
}

// clear sets those of the gradients that are wanted to 0.
func (h head[F]) clear() {
	if h.wanted.queries {
		h.q.clear(h.queries, h.width)
	}
	if h.wanted.keys {
		h.k.clear(h.keys, h.width)
		h.v.clear(h.keys, h.width)
	}
}

func (m matrix[F]) row(i, width int) []F { return m.data[i*m.stride : i*m.stride+width] }

func (m matrix[F]) clear(rows, width int) {
	for i := range rows {
		clear(m.row(i, width))
	}
}

// take sets the first rows of m to the given rows of another matrix, and put the
// given rows of m to the first ones of another.
func (m matrix[F]) take(rows []int, from matrix[F], width int) {
	for i, r := range rows {
		copy(m.row(i, width), from.row(r, width))
	}
}

func (m matrix[F]) put(rows []int, from matrix[F], width int) {
	for i, r := range rows {
		copy(m.row(r, width), from.row(i, width))
	}
}
