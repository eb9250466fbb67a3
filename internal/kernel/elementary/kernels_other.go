//go:build noasm || !amd64

package elementary

import "github.com/gorgonia-dropout/dropout/internal/kernel/isa"

func exp32Vectors(isa.Set, []float32, []float32) int     { return 0 }
func sigmoid32Vectors(isa.Set, []float32, []float32) int { return 0 }
func tanh32Vectors(isa.Set, []float32, []float32) int    { return 0 }
func exp64Vectors(isa.Set, []float64, []float64) int     { return 0 }
func sigmoid64Vectors(isa.Set, []float64, []float64) int { return 0 }
func log64Vectors(isa.Set, []float64, []float64) int     { return 0 }

func geluVectors[F Float](isa.Set, []F, []F) int          { return 0 }
func geluBackVectors[F Float](isa.Set, []F, []F, []F) int { return 0 }
