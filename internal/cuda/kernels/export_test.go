package kernels

// ThreadsOf returns the number of threads in a block of a kernel.
func ThreadsOf(kernel string) int {
	for _, t := range tilings {
		for _, f := range t.forms {
			if t.kernel(f) == kernel {
				return t.threads
			}
		}
	}
	return Threads
}
