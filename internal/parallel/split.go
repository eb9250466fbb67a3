package parallel

import "sync"

// A Split does a job in parts, on several cores; values of A describe the job.
// It keeps the memory for a run and allocates nothing after the first few. Runs
// may overlap.
type Split[A any, P Parted[A]] struct {
	team Team[*split[A, P]]
	runs sync.Pool // of *split[A, P]
}

// Parted is the pointer to a job that is done in parts. Parts must not depend
// on each other, so that results do not depend on the cores.
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

// Run does all parts of a job, on at most workers cores.
func (s *Split[A, P]) Run(workers int, parts Parts, whole A) {
	r, ok := s.runs.Get().(*split[A, P])
	if !ok {
		// As a value, a method of a generic type would be allocated in each
		// run.
		r = &split[A, P]{share: func(r *split[A, P], worker int) { r.work(worker) }}
	}
	r.parts, r.whole = parts, whole
	workers = max(1, min(workers, parts.Count()))
	r.tasks.Reset(parts.Count(), workers)
	s.team.Run(workers, r, r.share)
	// The pool must not keep the job's memory alive.
	var none A
	r.whole = none
	s.runs.Put(r)
}

func (r *split[A, P]) work(worker int) {
	for i, ok := r.tasks.Next(worker); ok; i, ok = r.tasks.Next(worker) {
		P(&r.whole).Part(r.parts.Part(i))
	}
}
