package vm_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgonia-dropout/dropout/internal/vm"
	"github.com/gorgonia-dropout/dropout/ops"
)

// BenchmarkRun compares both machines on a graph of small ops.
func BenchmarkRun(b *testing.B) {
	for _, name := range []string{"Machine", "TapeMachine"} {
		b.Run(name, func(b *testing.B) {
			p := plan{tensor.Float32, 1, []int{11, 6, 0, 11, 6, 2}}
			g, inputs, results := p.graph()
			if err := fill(inputs, 1); err != nil {
				b.Fatal(err)
			}
			g = g.ExactSubgraphRoots(results...)
			ops.ReuseMemory(g)
			var m gorgonia.VM = gorgonia.NewTapeMachine(g)
			if name == "Machine" {
				var err error
				if m, err = vm.New(g); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				m.Reset()
				if err := m.RunAll(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
