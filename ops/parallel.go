package ops

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// grain is the number of elements below which another goroutine costs more than
// it saves.
const grain = 1 << 14

// parallel calls f once for each i in [0, n), on as many cores as pay for items
// of the given number of elements. Calls must not depend on each other, so that
// results do not depend on the cores.
func parallel(n, elements int, f func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n, n*elements/grain+1)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	// Cores take several small items at a time: to take one costs as much as some
	// hundred elements.
	some := max(1, min(n/(8*workers), grain/8/max(1, elements)))
	var next atomic.Int64
	work := func() {
		for to := int(next.Add(int64(some))); to-some < n; to = int(next.Add(int64(some))) {
			for i := to - some; i < min(to, n); i++ {
				f(i)
			}
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}

// ranges calls f for consecutive parts [from, to) of [0, n), in parallel, where
// each of the n takes the given number of elements.
func ranges(n, elements int, f func(from, to int)) {
	part := max(1, grain/max(1, elements))
	parts := (n + part - 1) / part
	parallel(parts, part*elements, func(i int) { f(i*part, min(n, (i+1)*part)) })
}

// scratch keeps temporary memory from one run to the next. Its users own what
// they take until they give it back, so that machines may run at the same time.
type scratch[F float] struct{ pool sync.Pool }

// take returns memory of n elements with undefined contents.
func (s *scratch[F]) take(n int) []F {
	if p, ok := s.pool.Get().(*[]F); ok && cap(*p) >= n {
		return (*p)[:n]
	}
	return make([]F, n)
}

func (s *scratch[F]) give(p []F) { s.pool.Put(&p) }

// memory is the scratch memory of an op, for either type, and that for what its
// goroutines share.
type memory struct {
	float32s, shared32s scratch[float32]
	float64s, shared64s scratch[float64]
}

// scratchOf returns the part of m that is for F.
func scratchOf[F float](m *memory) *scratch[F] {
	if s, ok := any(&m.float32s).(*scratch[F]); ok {
		return s
	}
	s, _ := any(&m.float64s).(*scratch[F])
	return s
}

// sharedOf is scratchOf for what goroutines share.
func sharedOf[F float](m *memory) *scratch[F] {
	if s, ok := any(&m.shared32s).(*scratch[F]); ok {
		return s
	}
	s, _ := any(&m.shared64s).(*scratch[F])
	return s
}
