//go:build noasm || !(amd64 || arm64)

package solver

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

func adam32(_ isa.Set, k *Adam[float32], w, g, m, v []float32) { k.update(w, g, m, v) }

func momentum32(_ isa.Set, w, g, v []float32, lr, mu float32) { momentum(w, g, v, lr, mu) }

func squares32(isa.Set, *[8]float64, []float32) int { return 0 }

func addSquares32(_ isa.Set, _ []float64, _, _, _, _ []float32) int { return 0 }

func scaleBy32(isa.Set, []float32, []float64) int { return 0 }
