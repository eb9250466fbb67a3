package parallel

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Helpers are goroutines that join tasks of others. Waking the idle thread of another core
// holds up the caller for some 30 microseconds, and the thread begins 100 or 200 later,
// which is longer than many a task takes. So a helper without a task looks for the next
// one for a while before it ends, for the tasks of a training step follow each other
// faster; nobody waits for a helper that has not joined; and helpers are only started
// where tasks have lately taken long enough to pay for that.
//
// There is a helper less than cores at most, for all callers together, so that as many
// trainings as cores leave each other alone.
var helpers atomic.Int64

// linger is how long a helper looks for a task.
const linger = 300 * time.Microsecond

// debt is what starting helpers has cost, at a price each, less the time that tasks have
// taken since. No helper is started beyond limit.
var debt atomic.Int64

const (
	price = int64(100 * time.Microsecond)
	limit = int64(time.Millisecond)
)

// pay takes the time since a task began from the debt.
func pay(began time.Time) {
	if owed := debt.Load(); owed > 0 {
		debt.Store(max(0, owed-int64(time.Since(began))))
	}
}

// board has the tasks that may be joined. Where it is full, callers work alone.
var board [16]atomic.Pointer[task]

// help joins tasks until there have been none for a while.
func help() {
	for idle := time.Now(); time.Since(idle) < linger; {
		for range 20 {
			if assist() {
				idle = time.Now()
			}
		}
		// Others may need the core.
		runtime.Gosched()
	}
	helpers.Add(-1)
	assist() // in what may have counted on this one
}

// assist joins what is on the board, and reports whether there was anything to join.
func assist() (joined bool) {
	for i := range board {
		if t := board[i].Load(); t != nil && t.join() {
			joined = true
		}
	}
	return joined
}

// recruit starts the helpers that a task for so many goroutines lacks, if the debt allows.
func recruit(size int) {
	want := int64(min(size, runtime.GOMAXPROCS(0)) - 1)
	n := helpers.Load()
	if n >= want || debt.Load() >= limit || !helpers.CompareAndSwap(n, want) {
		return
	}
	debt.Add(price)
	for range want - n {
		go help()
	}
}

// task is work that several goroutines may do at once.
type task struct {
	run   func(worker int)
	size  int           // goroutines that may take part
	state atomic.Uint64 // seats left for helpers, helpers that have joined, and whether it is closed
	left  chan struct{} // has an element when the last helper has left a closed task
}

// The parts of a task's state.
const (
	seats  = 1<<16 - 1
	joined = 1 << 16
	closed = 1 << 63
)

func newTask(run func(worker int)) *task { return &task{run: run, left: make(chan struct{}, 1)} }

// share runs the task on up to size goroutines, one of which is the caller's, and returns
// when none runs it any more. It must not be called again before.
func (t *task) share(size int) {
	began := time.Now()
	t.size = min(size, seats)
	t.state.Store(uint64(t.size - 1))
	place := t.post()
	if place >= 0 {
		recruit(t.size)
	}
	defer t.end(place, began)
	t.run(0)
}

// post puts the task on the board and returns its place, or -1 if there is none.
func (t *task) post() int {
	for i := range board {
		if board[i].Load() == nil && board[i].CompareAndSwap(nil, t) {
			return i
		}
	}
	return -1
}

// join takes part in the task unless it has ended or has helpers enough.
func (t *task) join() bool {
	for s := t.state.Load(); s&seats > 0; s = t.state.Load() {
		if t.state.CompareAndSwap(s, s-1+joined) {
			t.run(t.size - int(s&seats))
			if t.state.Add(^uint64(joined-1)) == closed {
				t.left <- struct{}{}
			}
			return true
		}
	}
	return false
}

// end takes a task that began then from its place on the board, and waits for helpers
// that have joined.
func (t *task) end(place int, began time.Time) {
	defer pay(began)
	if place < 0 {
		return
	}
	board[place].Store(nil)
	s := t.state.Load()
	for !t.state.CompareAndSwap(s, s&^seats|closed) {
		s = t.state.Load()
	}
	if s < joined {
		return
	}
	for range patience {
		select {
		case <-t.left:
			return
		default:
			runtime.Gosched()
		}
	}
	<-t.left
}

// patience is how often to look whether others are done before sleeping: it takes
// microseconds, unless another thread was interrupted.
const patience = 1000
