package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// piece is the number of elements that are worth the start of a goroutine, a
// multiple of GroupSize.
func (p path) piece() int {
	if p == generic {
		return 1 << 13
	}
	return 1 << 16
}

// split calls f for pieces [lo, hi) that cover [0, n), n > 0, on all cores at once.
// Each has at most size elements, a multiple of GroupSize, and begins with a
// group of the mask when element 0 is element offset of it. No group is drawn
// twice, and no two cores write to one cache line of an aligned slice.
func split(n, size int, offset uint64, f func(lo, hi int)) {
	skip := int(offset % GroupSize)
	pieces := (skip + n + size - 1) / size
	var next atomic.Int64
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= pieces {
				return
			}
			f(max(0, i*size-skip), min(n, (i+1)*size-skip))
		}
	}
	var others sync.WaitGroup
	for range min(pieces, runtime.GOMAXPROCS(0)) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}
