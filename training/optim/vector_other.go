//go:build !amd64

package optim

func (k *adamKernel32) update(w, g, m, v []float32) { k.adamKernel.update(w, g, m, v) }

func (k *sgdKernel32) update(w, g, v, _ []float32) { k.sgdKernel.update(w, g, v, nil) }

func squares32(_ *[8]float64, _ []float32) int { return 0 }

func addSquares32(_ []float64, _, _, _, _ []float32) int { return 0 }

func scaleBy32(_ []float32, _ []float64) int { return 0 }
