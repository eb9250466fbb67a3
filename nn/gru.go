package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/ops"
)

// GRU returns the hidden states, of shape (N, T, H), of a layer of gated
// recurrent units over sequences x of shape (N, T, D), starting from zeros:
//
//	r, z = sigmoid(x·wih' + bih + h·whh' + bhh)
//	n    = tanh(x·wih' + bih + r*(h·whh' + bhh))
//	h    = (1-z)*n + z*h
//
// The parameters are those of PyTorch's nn.GRU: wih of shape (3H, D), whh (3H,
// H), bih and bhh (3H), with the rows of the gates in the order r, z, n.
// noise.ZoneoutCell must be 0. See [LSTM] for types, options and gradients.
//
// Source: Cho et al., "Learning Phrase Representations using RNN
// Encoder-Decoder", EMNLP 2014, with the reset gate after the product, as in
// version 1 of the paper.
func GRU(x, wih, whh, bih, bhh *gorgonia.Node, noise RecurrentNoise, opts ...ops.StreamOption) (*gorgonia.Node, error) {
	return Recurrence{Noise: noise}.GRU(x, wih, whh, bih, bhh, opts...)
}

// gru stores h, r, z, n and the recurrent weights' part of n for each unit.
type gru struct{}

func (gru) Name() string { return "GRU" }
func (gru) gates() int   { return 3 }
func (gru) kept() int    { return 5 }
func (gru) first() int   { return 1 }

// gruStep is lstmStep for a GRU.
func gruStep[F op.Float](row, old, bih, bhh []F, noise noiseAt[F], at int) {
	w := len(row) / 5
	h, gates, n, part := row[:w], row[w:3*w], row[3*w:4*w], row[4*w:]
	for j := range gates {
		gates[j] += bih[j] + bhh[j]
	}
	elementary.Sigmoid(gates)
	r, z := gates[:w], gates[w:]
	for u := range n {
		part[u] += bhh[2*w+u]
		n[u] += bih[2*w+u] + F(r[u]*part[u])
	}
	elementary.Tanh(n)
	for u := range h {
		h[u] = blend(noise.hidden.at(at+u), old[u], F((1-z[u])*n[u])+F(z[u]*old[u]))
	}
}

// gruBack is lstmBack for a GRU; behind holds the gradients of the recurrent
// weights' sums.
func gruBack[F op.Float](d, behind, dh, row, old []F, noise noiseAt[F], at int) {
	w := len(dh)
	r, z, n, part := row[w:2*w], row[2*w:3*w], row[3*w:4*w], row[4*w:]
	for u := range dh {
		zh := noise.hidden.at(at + u)
		new := (1 - zh) * dh[u]
		sum := new * (1 - z[u]) * (1 - F(n[u]*n[u]))
		d[2*w+u] = sum
		d[w+u] = new * (old[u] - n[u]) * z[u] * (1 - z[u])
		d[u] = sum * part[u] * r[u] * (1 - r[u])
		behind[2*w+u] = sum * r[u]
		dh[u] = F(zh*dh[u]) + F(new*z[u])
	}
	copy(behind[:2*w], d)
}
