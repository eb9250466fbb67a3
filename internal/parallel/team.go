package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Workers returns how many goroutines are worth using for some work, at most
// one a core: each should have at least grain of it, in any unit.
func Workers(work, grain int) int {
	if work < 2*grain {
		return 1 // without GOMAXPROCS, which takes a lock
	}
	return min(runtime.GOMAXPROCS(0), work/grain)
}

// A Team runs a function on several goroutines at once. It keeps the memory for
// a run and allocates nothing after the first few. Runs may overlap.
type Team[A any] struct{ crews sync.Pool }

// crew is the memory of one run.
type crew[A any] struct {
	*task
	work func(arg A, worker int)
	arg  A
}

// Run calls work on up to the given number of goroutines, numbered from 0, which is the
// caller's, and returns when all of them have finished. The others come when they can: a
// goroutine may find that the rest has been done, and the caller may have to do it all.
func (t *Team[A]) Run(workers int, arg A, work func(arg A, worker int)) {
	if workers <= 1 {
		work(arg, 0)
		return
	}
	c, ok := t.crews.Get().(*crew[A])
	if !ok {
		c = new(crew[A])
		c.task = newTask(func(worker int) { c.work(c.arg, worker) })
	}
	c.work, c.arg = work, arg
	c.share(workers)
	// The pool must not keep the argument alive.
	var none A
	c.work, c.arg = nil, none
	t.crews.Put(c)
}

// Tasks are given to goroutines one by one, in ascending order. Which goroutine
// gets which is random, so results must not depend on it. The zero value has
// none taken.
type Tasks struct{ taken, done atomic.Int64 }

// Reset makes all tasks available again.
func (t *Tasks) Reset() {
	t.taken.Store(0)
	t.done.Store(0)
}

// Next returns the number of the next task; the result is false if all n are
// taken.
func (t *Tasks) Next(n int) (int, bool) {
	i := int(t.taken.Add(1)) - 1
	return i, i < n
}

// Done reports that a task is done to those that wait.
func (t *Tasks) Done() { t.done.Add(1) }

// Wait returns when all n tasks are done.
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
