package parallel

import "sync"

// A Split does the parts of something on several cores. From one run to the next it keeps
// what that takes: after the first few it allocates nothing. Runs may overlap.
type Split[A any] struct {
	team Team[*split[A]]
	runs sync.Pool // of *split[A]
}

// split is one run.
type split[A any] struct {
	tasks Tasks
	parts Parts
	arg   A
	do    func(arg *A, from, to int)
}

// Run calls do once for each of the parts, on so many cores at most. Calls must not depend
// on each other, so that results do not depend on the cores.
func (s *Split[A]) Run(workers int, parts Parts, arg A, do func(arg *A, from, to int)) {
	r, ok := s.runs.Get().(*split[A])
	if !ok {
		r = new(split[A])
	}
	r.parts, r.arg, r.do = parts, arg, do
	r.tasks.Reset()
	s.team.Run(min(workers, parts.Count()), r, (*split[A]).work)
	// The pool must not keep what it was about.
	var none A
	r.arg, r.do = none, nil
	s.runs.Put(r)
}

func (r *split[A]) work(int) {
	n := r.parts.Count()
	for i, ok := r.tasks.Next(n); ok; i, ok = r.tasks.Next(n) {
		from, to := r.parts.Part(i)
		r.do(&r.arg, from, to)
	}
}
