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

// portions is the number of parts of a piece that cores take one by one. At the
// end a core waits for the part of another one at most, which may be interrupted
// for other programs.
const portions = 4

// split is share for work of n elements on as many cores as pay for it.
func (p path) split(n int, offset uint64, f func(lo, hi int)) {
	share(n, p.piece()/portions, min(n/p.piece(), runtime.GOMAXPROCS(0)), offset, f)
}

// split is share on all cores.
func split(n, size int, offset uint64, f func(lo, hi int)) {
	share(n, size, runtime.GOMAXPROCS(0), offset, f)
}

// share calls f for pieces [lo, hi) that cover [0, n), n > 0, on so many cores at once.
// Each has at most size elements, a multiple of GroupSize, and begins with a
// group of the mask when element 0 is element offset of it. No group is drawn
// twice, and no two cores write to one cache line of an aligned slice.
func share(n, size, cores int, offset uint64, f func(lo, hi int)) {
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
	for range min(pieces, cores) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}
