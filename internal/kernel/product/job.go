package product

import "github.com/gorgonia-dropout/dropout/internal/parallel"

// job is one product. Its goroutines do its steps together: they pack a block of a, all
// of which must be there before any part of c is computed from it.
type job[F Float] struct {
	*kernels[F]
	plan
	a, b, c        Matrix[F]
	scaleA, scaleB F    // factors of the operands
	add            bool // to c

	packed []F              // the panels of a block, unless each goroutine packs its own
	steps  []parallel.Tasks // two for each block
	share  func(j *job[F], worker int)
}

// run computes a product of arguments that fit and are not empty, on so many goroutines
// at most.
func (k *kernels[F]) run(goroutines int, scaleA F, a Matrix[F], scaleB F, b Matrix[F], add bool, c Matrix[F]) {
	j, ok := k.jobs.Get().(*job[F])
	if !ok {
		j = &job[F]{kernels: k, share: func(j *job[F], worker int) { j.work(worker) }}
	}
	j.a, j.b, j.c, j.scaleA, j.scaleB, j.add = a, b, c, scaleA, scaleB, add
	j.plan = k.planFor(c.Rows, c.Cols, a.Cols, goroutines)
	j.reserve()
	k.teams.Run(j.goroutines, j, j.share)
	// The pool must not keep the operands.
	j.a, j.b, j.c = Matrix[F]{}, Matrix[F]{}, Matrix[F]{}
	k.jobs.Put(j)
}

// reserve makes room for the panels, and steps of which nothing is done.
func (j *job[F]) reserve() {
	if need := j.packedSize(); !j.private && len(j.packed) < need {
		j.packed = make([]F, need)
	}
	if j.goroutines == 1 {
		return
	}
	if need := 2 * j.blocks(); len(j.steps) < need {
		j.steps = make([]parallel.Tasks, need)
	}
	for i := range j.blocks() {
		rows, _ := j.block(i)
		panels := j.kernels.panels(rows.n)
		j.steps[2*i].Reset(panels.count, j.goroutines)
		j.steps[2*i+1].Reset(j.slivers*j.groupsOf(panels).count, j.goroutines)
	}
}

// packedSize is the size of the panels of a block.
func (j *job[F]) packedSize() int {
	return j.kernels.panels(j.plan.rows.largest()).count * j.pieces * j.panelSize
}

// groupsOf cuts the panels of a block into groups.
func (j *job[F]) groupsOf(panels parts) parts {
	return parts{panels.count, min(j.groups, panels.count)}
}

// work takes tasks until there are no more. Those of a goroutine are side by side: slivers
// of the same group of panels.
func (j *job[F]) work(worker int) {
	w := j.worker()
	packed := j.packed
	if j.private {
		packed = w.room(j.packedSize())
	}
	for i := range j.blocks() {
		rows, depth := j.block(i)
		panels := j.kernels.panels(rows.n)
		if j.private {
			for p := range panels.count {
				w.packPanel(j, packed, p, panels, rows, depth)
			}
		} else {
			j.all(2*i, worker, panels.count, func(p int) {
				w.packPanel(j, packed, p, panels, rows, depth)
			})
		}
		groups := j.groupsOf(panels)
		j.all(2*i+1, worker, j.slivers*groups.count, func(t int) {
			w.compute(j, packed, t%j.slivers, groups.part(t/j.slivers), panels, rows, depth)
		})
	}
	j.workers.Put(w)
}

// panel is the memory of a packed piece of a panel. Those that are multiplied with one
// sliver lie one after the other.
func (j *job[F]) panel(packed []F, p int) []F { return packed[p*j.panelSize:][:j.panelSize] }

// all does the tasks of a step until none is left, and waits for those that others have
// taken.
func (j *job[F]) all(i, worker, tasks int, task func(i int)) {
	if j.goroutines == 1 {
		for i := range tasks {
			task(i)
		}
		return
	}
	finish(&j.steps[i], worker, tasks, task)
}

// finish does tasks until none is left, and waits for those that others have taken.
func finish(s *parallel.Tasks, worker, tasks int, task func(i int)) {
	for i, ok := s.Next(worker); ok; i, ok = s.Next(worker) {
		task(i)
		s.Done()
	}
	s.Wait(tasks)
}
