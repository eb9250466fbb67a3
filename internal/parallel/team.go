package parallel

import (
	"runtime"
	"sync"
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
