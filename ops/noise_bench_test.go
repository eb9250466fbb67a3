package ops_test

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/testkit"
	"github.com/gorgonia-dropout/dropout/ops"
)

// BenchmarkNoise has the time for each element, forwards and back, of the ops that draw a
// number of 32 bits for it or whose probabilities are not one constant, beside Dropout's.
func BenchmarkNoise(b *testing.B) {
	for _, op := range []struct {
		name  string
		build func(x, z, scalar *gorgonia.Node) (*gorgonia.Node, error)
	}{
		{"Dropout", func(x, _, _ *gorgonia.Node) (*gorgonia.Node, error) { return ops.Dropout(x, 0.5) }},
		{"GaussianDropout", func(x, _, _ *gorgonia.Node) (*gorgonia.Node, error) { return ops.GaussianDropout(x, 0.5) }},
		{"ConcreteDropout", func(x, _, logit *gorgonia.Node) (*gorgonia.Node, error) { return ops.ConcreteDropout(x, logit) }},
		{"Standout", func(x, z, _ *gorgonia.Node) (*gorgonia.Node, error) { return ops.Standout(x, z, 1, 0) }},
		{"VariationalDropout", func(x, z, _ *gorgonia.Node) (*gorgonia.Node, error) { return ops.VariationalDropout(x, z) }},
		{"VariationalRegularizer", func(x, z, _ *gorgonia.Node) (*gorgonia.Node, error) { return ops.VariationalRegularizer(x, z, 1) }},
	} {
		b.Run(op.name, func(b *testing.B) {
			const n = 1024
			g := gorgonia.NewGraph()
			values := make([]float32, n*n) // as activations, probabilities and variances have them
			for i := range values {
				values[i] = 0.1 + float32(i%97)/40
			}
			x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(n, n), tensor.WithBacking(values)), gorgonia.WithName("x"))
			z := gorgonia.NodeFromAny(g, tensor.New(tensor.WithShape(n, n), tensor.WithBacking(slices.Clone(values))), gorgonia.WithName("z"))
			logit := gorgonia.NodeFromAny(g, float32(-1), gorgonia.WithName("logit"))
			y := gorgonia.Must(op.build(x, z, logit))
			if !y.IsScalar() {
				y = gorgonia.Must(gorgonia.Sum(y))
			}
			of := gorgonia.Nodes{x}
			switch op.name {
			case "ConcreteDropout":
				of = append(of, logit)
			case "VariationalDropout", "VariationalRegularizer":
				of = append(of, z)
			}
			if _, err := gorgonia.Grad(y, of...); err != nil {
				b.Fatal(err)
			}
			m := gorgonia.NewTapeMachine(g)
			defer m.Close()
			for b.Loop() {
				testkit.Run(b, m)
				m.Reset()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(n*n), "ns/element")
		})
	}
}
