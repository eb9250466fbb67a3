package parallel

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Tasks are shared out to goroutines. Each has a range of them that it takes first, the
// same each time, so that what it needs for them is still in its core's caches: fetching
// it from another core can take as long as from memory. Then it takes what others have
// left of theirs. Which goroutine gets a task is not certain, so results must not depend
// on it. The zero value has no tasks.
type Tasks struct {
	ranges []taskRange
	done   atomic.Int64
}

// taskRange is what is left of a goroutine's tasks: the first in the upper half, the end in
// the lower. It fills a cache line.
type taskRange struct {
	left atomic.Uint64
	_    [56]byte
}

// Reset makes n tasks available, fewer than 2^32, to so many goroutines.
func (t *Tasks) Reset(n, workers int) {
	t.done.Store(0)
	if cap(t.ranges) < workers {
		t.ranges = make([]taskRange, workers)
	}
	t.ranges = t.ranges[:workers]
	for i := range t.ranges {
		t.ranges[i].left.Store(uint64(i*n/workers)<<32 | uint64((i+1)*n/workers))
	}
}

// Next returns the number of the next task of a goroutine; the result is false if all are
// taken.
func (t *Tasks) Next(worker int) (int, bool) {
	r := &t.ranges[worker]
	for s := r.left.Load(); s>>32 < s&(1<<32-1); s = r.left.Load() {
		if r.left.CompareAndSwap(s, s+1<<32) {
			return int(s >> 32), true
		}
	}
	for i := range len(t.ranges) - 1 {
		r := &t.ranges[(worker+1+i)%len(t.ranges)]
		for s := r.left.Load(); s>>32 < s&(1<<32-1); s = r.left.Load() {
			if r.left.CompareAndSwap(s, s-1) {
				return int(s&(1<<32-1)) - 1, true
			}
		}
	}
	return 0, false
}

// Done reports that a task is done to those that wait.
func (t *Tasks) Done() { t.done.Add(1) }

// Wait returns when n tasks are done.
func (t *Tasks) Wait(n int) {
	for tries := 0; t.done.Load() < int64(n); tries++ {
		// The wait takes microseconds, unless another thread was interrupted.
		if tries < patience {
			runtime.Gosched()
		} else {
			time.Sleep(20 * time.Microsecond)
		}
	}
}
