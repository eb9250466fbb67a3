package parallel

import "sync"

// A Split does the parts of something, whose values say how, on several cores. From one run
// to the next it keeps what that takes: after the first few it allocates nothing. Runs may
// overlap.
type Split[A any, P Parted[A]] struct {
	team Team[*split[A, P]]
	runs sync.Pool // of *split[A, P]
}

// Parted is the pointer to something that is done in parts. Parts must not depend on each
// other, so that results do not depend on the cores.
type Parted[A any] interface {
	*A
	Part(from, to int)
}

// split is one run.
type split[A any, P Parted[A]] struct {
	tasks Tasks
	parts Parts
	whole A
	share func(r *split[A, P], worker int)
}

// Run does all parts of something, on so many cores at most.
func (s *Split[A, P]) Run(workers int, parts Parts, whole A) {
	r, ok := s.runs.Get().(*split[A, P])
	if !ok {
		// A method of a generic type as a value would be allocated in each run.
		r = &split[A, P]{share: func(r *split[A, P], _ int) { r.work() }}
	}
	r.parts, r.whole = parts, whole
	r.tasks.Reset()
	s.team.Run(min(workers, parts.Count()), r, r.share)
	// The pool must not keep what it was about.
	var none A
	r.whole = none
	s.runs.Put(r)
}

func (r *split[A, P]) work() {
	n := r.parts.Count()
	for i, ok := r.tasks.Next(n); ok; i, ok = r.tasks.Next(n) {
		P(&r.whole).Part(r.parts.Part(i))
	}
}
