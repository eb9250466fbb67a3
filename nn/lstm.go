package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/gorgonia-dropout/dropout/internal/kernel/elementary"
	"github.com/gorgonia-dropout/dropout/internal/op"
	"github.com/gorgonia-dropout/dropout/ops"
)

// LSTM returns the hidden states, of shape (N, T, H), of a layer of long
// short-term memory over sequences x of shape (N, T, D), starting from zeros:
//
//	i, f, o = sigmoid(x·wih' + bih + h·whh' + bhh)
//	g       = tanh(x·wih' + bih + h·whh' + bhh)
//	c       = f*c + i*g
//	h       = o*tanh(c)
//
// The parameters are those of PyTorch's nn.LSTM: wih of shape (4H, D), whh (4H,
// H), bih and bhh (4H), with the rows of the gates in the order i, f, g, o. All
// are float32, or all float64, and no size may be 0. The options set the seed,
// layer, step and mode of the noise. With zoneout the output gate reads the new
// cells, before zoneout restores old ones.
//
// The whole sequence is one op, and its gradient through time another, which
// reuses the gates instead of computing them again and has no derivative
// itself. Products run on the BLAS given to gorgonia.Use.
//
// Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation
// 9, 1997; Gers, Schmidhuber and Cummins, "Learning to Forget", 2000.
func LSTM(x, wih, whh, bih, bhh *gorgonia.Node, noise RecurrentNoise, opts ...ops.StreamOption) (*gorgonia.Node, error) {
	return Recurrence{Noise: noise}.LSTM(x, wih, whh, bih, bhh, opts...)
}

// lstm stores h, c, i, f, g and o for each unit.
type lstm struct{}

func (lstm) Name() string { return "LSTM" }
func (lstm) gates() int   { return 4 }
func (lstm) kept() int    { return 6 }
func (lstm) first() int   { return 2 }

// lstmStep computes a row of the states from the previous one; row holds the
// sums of the gates without biases. Element at of the zoneout masks belongs to
// the row's first unit.
func lstmStep[F op.Float](row, old, bih, bhh []F, noise noiseAt[F], at int) {
	n := len(row) / 6
	h, c, gates := row[:n], row[n:2*n], row[2*n:]
	for j, b := range bih {
		gates[j] += b + bhh[j]
	}
	elementary.Sigmoid(gates[:2*n])
	elementary.Tanh(gates[2*n : 3*n])
	elementary.Sigmoid(gates[3*n:])
	i, f, g, o := gates[:n], gates[n:2*n], gates[2*n:3*n], gates[3*n:]
	for u := range h {
		h[u] = F(f[u]*old[n+u]) + F(i[u]*g[u])
	}
	copy(c, h)
	elementary.Tanh(h)
	for u := range h {
		h[u] = blend(noise.hidden.at(at+u), old[u], o[u]*h[u])
		c[u] = blend(noise.cell.at(at+u), old[n+u], c[u])
	}
}

// lstmBack sets d to the gradients of the sums of the gates. It turns dh and
// dc, the gradients of the states after a time step, into those before it,
// except for what flows through the gates.
func lstmBack[F op.Float](d, dh, dc, row, old []F, noise noiseAt[F], at int) {
	n := len(dh)
	i, f, g, o := row[2*n:3*n], row[3*n:4*n], row[4*n:5*n], row[5*n:]
	tanh := d[:n]
	for u := range tanh {
		tanh[u] = F(f[u]*old[n+u]) + F(i[u]*g[u])
	}
	elementary.Tanh(tanh)
	for u, t := range tanh {
		zh, zc := noise.hidden.at(at+u), noise.cell.at(at+u)
		new := (1 - zh) * dh[u]
		cell := F((1-zc)*dc[u]) + F(new*o[u]*(1-F(t*t)))
		dh[u] *= zh
		dc[u] = F(zc*dc[u]) + F(cell*f[u])
		d[u] = cell * g[u] * i[u] * (1 - i[u])
		d[n+u] = cell * old[n+u] * f[u] * (1 - f[u])
		d[2*n+u] = cell * i[u] * (1 - F(g[u]*g[u]))
		d[3*n+u] = new * t * o[u] * (1 - o[u])
	}
}
