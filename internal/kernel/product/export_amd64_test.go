package product

// Float32Sets returns the product of each instruction set of this machine by its name,
// plain Go left out.
func Float32Sets() map[string]func(goroutines int, a, b, c Matrix[float32]) {
	sets := map[string]func(goroutines int, a, b, c Matrix[float32]){}
	for _, k := range sets32[1:] {
		sets[k.set.String()] = func(goroutines int, a, b, c Matrix[float32]) { k.multiply(goroutines, 1, a, b, 0, c) }
	}
	return sets
}
