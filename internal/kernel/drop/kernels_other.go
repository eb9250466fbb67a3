//go:build noasm || !(amd64 || arm64)

package drop

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

func (m *Mask) bits(_ isa.Set, dst []uint64, first uint64) { m.bitsInGo(dst, first) }

func (m *Mask) float32s(_ isa.Set, dst, src []float32, first uint64, _ bool) {
	groups(dst, src, first, m)
}

func (m *Mask) float64s(_ isa.Set, dst, src []float64, first uint64, _ bool) {
	groups(dst, src, first, m)
}

// words is never called: there is no set but isa.Generic.
func words([]uint32, uint32, *schedule) {}
