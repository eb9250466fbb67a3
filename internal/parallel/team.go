package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Workers returns how many goroutines pay for so much work, at most one a core: each is to
// have grain of it, in any unit.
func Workers(work, grain int) int {
	if work < 2*grain {
		return 1 // without asking, which takes a lock
	}
	return min(runtime.GOMAXPROCS(0), work/grain)
}

// A Team runs one function on several goroutines at once. From one run to the next it
// keeps what that takes: after the first few it allocates nothing. Runs may overlap.
type Team[A any] struct{ crews sync.Pool }

// crew is the memory of one run.
type crew[A any] struct {
	work   func(arg A, worker int)
	arg    A
	joined atomic.Int64
	others sync.WaitGroup
	start  func()
}

// Run calls work on so many goroutines, the caller's among them, with numbers from 0 on,
// and returns when all have. A goroutine may find that the others have done everything.
func (t *Team[A]) Run(workers int, arg A, work func(arg A, worker int)) {
	if workers <= 1 {
		work(arg, 0)
		return
	}
	c, ok := t.crews.Get().(*crew[A])
	if !ok {
		c = new(crew[A])
		c.start = func() {
			defer c.others.Done()
			c.work(c.arg, int(c.joined.Add(1)))
		}
	}
	c.work, c.arg = work, arg
	c.joined.Store(0)
	c.others.Add(workers - 1)
	for range workers - 1 {
		// A go statement on a function value without arguments allocates nothing; one on
		// a method or a closure does.
		go c.start()
	}
	work(arg, 0)
	c.others.Wait()
	// The pool must not keep what it was about.
	var none A
	c.work, c.arg = nil, none
	t.crews.Put(c)
}

// Tasks are handed out to goroutines one by one, in ascending order. Which goroutine has
// which depends on chance, so that results must not. The zero value has none taken.
type Tasks struct{ taken, done atomic.Int64 }

// Reset takes all tasks back.
func (t *Tasks) Reset() {
	t.taken.Store(0)
	t.done.Store(0)
}

// Next returns the number of the next task, and false if all n are taken.
func (t *Tasks) Next(n int) (int, bool) {
	i := int(t.taken.Add(1)) - 1
	return i, i < n
}

// Done tells that a task is done, for those that wait.
func (t *Tasks) Done() { t.done.Add(1) }

// Wait returns when all n tasks are done.
func (t *Tasks) Wait(n int) {
	for tries := 0; t.done.Load() < int64(n); tries++ {
		// What is waited for takes microseconds, unless its thread was interrupted.
		if tries < 1000 {
			runtime.Gosched()
		} else {
			time.Sleep(20 * time.Microsecond)
		}
	}
}
