//go:build !amd64

package optim

func (k *adamKernel32) update(w, g, m, v []float32) { k.adamKernel.update(w, g, m, v) }
