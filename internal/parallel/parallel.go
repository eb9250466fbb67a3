// Package parallel shares loops out over cores, and keeps the temporary memory of
// their goroutines.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// grain is the number of elements below which another goroutine costs more than
// it saves.
const grain = 1 << 14

// Each calls f once for each i in [0, n), on as many cores as pay for items
// of the given number of elements. Calls must not depend on each other, so that
// results do not depend on the cores.
func Each(n, elements int, f func(i int)) {
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

// Ranges calls f for consecutive parts [from, to) of [0, n), in parallel, where
// each of the n takes the given number of elements.
func Ranges(n, elements int, f func(from, to int)) {
	part := max(1, grain/max(1, elements))
	parts := (n + part - 1) / part
	Each(parts, part*elements, func(i int) { f(i*part, min(n, (i+1)*part)) })
}

// Scratch keeps temporary memory from one run to the next. Its users own what
// they take until they give it back, so that machines may run at the same time.
type Scratch[F float32 | float64] struct{ pool sync.Pool }

// Take returns memory of n elements with undefined contents.
func (s *Scratch[F]) Take(n int) []F {
	if p, ok := s.pool.Get().(*[]F); ok && cap(*p) >= n {
		return (*p)[:n]
	}
	return make([]F, n)
}

// Give gives memory back that was taken.
func (s *Scratch[F]) Give(p []F) { s.pool.Put(&p) }

// Memory is the scratch memory of an op, for either type, and that for what its
// goroutines share.
type Memory struct {
	float32s, shared32s Scratch[float32]
	float64s, shared64s Scratch[float64]
}

// ScratchOf returns the part of m that is for F.
func ScratchOf[F float32 | float64](m *Memory) *Scratch[F] {
	if s, ok := any(&m.float32s).(*Scratch[F]); ok {
		return s
	}
	s, _ := any(&m.float64s).(*Scratch[F])
	return s
}

// SharedOf is ScratchOf for what goroutines share.
func SharedOf[F float32 | float64](m *Memory) *Scratch[F] {
	if s, ok := any(&m.shared32s).(*Scratch[F]); ok {
		return s
	}
	s, _ := any(&m.shared64s).(*Scratch[F])
	return s
}
