package parallel

// grain is the number of elements that are worth a goroutine.
const grain = 1 << 13

// Each calls f once for each i in [0, n), on as many cores as are worth using
// for items of the given number of elements. Calls must not depend on each
// other, so that results do not depend on the cores.
func Each(n, elements int, f func(i int)) {
	workers := min(Workers(n*elements, grain), n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	// Cores take several small items at a time: taking one costs as much as
	// some hundred elements.
	items := Parts{N: n, Size: max(1, min(n/(8*workers), grain/4/max(1, elements)))}
	each.Run(workers, items, f)
}

// each keeps memory that calls of Each leave to the next one.
var each Split[loop, *loop]

// loop is what to do for each index.
type loop func(i int)

// Part does it for the indices [from, to).
func (f *loop) Part(from, to int) {
	for i := from; i < to; i++ {
		(*f)(i)
	}
}

// Ranges calls f for consecutive parts [from, to) of [0, n), in parallel, if
// each of the n takes the given number of elements.
func Ranges(n, elements int, f func(from, to int)) {
	parts := Parts{N: n, Size: max(1, 2*grain/max(1, elements))}
	Each(parts.Count(), parts.Size*elements, func(i int) { f(parts.Part(i)) })
}
