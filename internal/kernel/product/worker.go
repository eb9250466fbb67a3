package product

// worker is the memory of one goroutine.
type worker[F Float] struct {
	*kernels[F]
	sliver []F          // packed columns of b
	own    []F          // panels of a that it packs for itself
	tiled  []F          // a tile of c that cannot be written in place
	heads  [maxLanes]*F // of rows to transpose
	sums   [64]F        // chains of a sum
	strip  *stripMemory[F]
}

// worker returns one that is free.
func (k *kernels[F]) worker() *worker[F] {
	if w, ok := k.workers.Get().(*worker[F]); ok {
		return w
	}
	return newWorker(k)
}

func newWorker[F Float](k *kernels[F]) *worker[F] {
	return &worker[F]{
		kernels: k,
		sliver:  make([]F, k.columns()*k.depth+2*maxLanes),
		tiled:   make([]F, k.rows*k.columns()),
	}
}

// room returns memory for panels of its own.
func (w *worker[F]) room(size int) []F {
	if len(w.own) < size {
		w.own = make([]F, size)
	}
	return w.own
}

// packPanel packs a panel of a block of a, each piece of k to its place.
func (w *worker[F]) packPanel(j *job[F], packed []F, p int, panels parts, rows, depth span) {
	panel, pieces := panels.part(p), j.cutDepth(depth)
	for i := range pieces.count {
		piece, dst := pieces.part(i), j.panel(packed, i*panels.count+p)
		a := j.a.from(rows.first+panel.first, depth.first+piece.first)
		w.pack(dst, panel.n, a, j.a.RowStep, j.a.ColStep, panel.n, piece.n)
		scaleBy(dst[:panel.n*piece.n], j.scaleA)
	}
}

// compute multiplies the panels of a group with a sliver of b.
func (w *worker[F]) compute(j *job[F], packed []F, sliver int, group span, panels parts, rows, depth span) {
	columns := span{sliver * w.columns(), min(w.columns(), j.c.Cols-sliver*w.columns())}
	vectors := w.vectors(columns.n)
	whole := w.masked || columns.n == vectors*w.lanes
	b, bStep, pieces := w.sliver, vectors*w.lanes, j.cutDepth(depth)
	direct := j.direct && whole && j.b.ColStep == 1 && j.scaleB == 1
	for i := range pieces.count {
		piece := pieces.part(i)
		if direct {
			b, bStep = j.b.from(depth.first+piece.first, columns.first), j.b.RowStep
		} else {
			w.pack(b, bStep, j.b.from(depth.first+piece.first, columns.first), j.b.ColStep, j.b.RowStep, columns.n, piece.n)
			scaleBy(b[:bStep*piece.n], j.scaleB)
		}
		add := j.add || depth.first+piece.first > 0
		next := w.next(j, sliver, direct, depth, pieces, i)
		for p := group.first; p < group.end(); p++ {
			panel := panels.part(p)
			a := j.panel(packed, i*panels.count+p)
			c := j.c.from(rows.first+panel.first, columns.first)
			if whole && j.c.ColStep == 1 {
				w.tile(panel.n, vectors, piece.n, &a[0], panel.n, &b[0], bStep, &c[0], j.c.RowStep, columns.n, number(add))
			} else {
				w.elsewhere(panel.n, columns.n, piece.n, &a[0], &b[0], bStep, c, j.c.RowStep, j.c.ColStep, add)
			}
			next.part(p-group.first, group.n)
		}
	}
}

// ahead is the part of b that will be packed next. It is fetched from memory while tiles
// are computed.
type ahead[F Float] struct {
	fetch          prefetchFunc[F]
	b              []F
	ld, rows, cols int
}

// next returns what is packed after a piece of a sliver, nothing if that is unknown.
func (w *worker[F]) next(j *job[F], sliver int, direct bool, depth span, pieces parts, i int) (n ahead[F]) {
	if i++; i == pieces.count {
		i = 0
		sliver++
	}
	if w.prefetch == nil || direct || sliver >= j.slivers {
		return n
	}
	piece, column := pieces.part(i), sliver*w.columns()
	cols := min(w.columns(), j.c.Cols-column)
	n = ahead[F]{w.prefetch, j.b.from(depth.first+piece.first, column), j.b.RowStep, piece.n, cols}
	if j.b.ColStep != 1 {
		n.ld, n.rows, n.cols = j.b.ColStep, cols, piece.n
	}
	return n
}

// part fetches one of so many parts.
func (n *ahead[F]) part(i, of int) {
	if n.fetch == nil {
		return
	}
	if rows := (parts{n.rows, of}).part(i); rows.n > 0 {
		n.fetch(&n.b[rows.first*n.ld], n.ld, rows.n, n.cols)
	}
}

// elsewhere computes a tile in memory of its own, for a c whose columns do not lie side
// by side or end before the vector.
func (w *worker[F]) elsewhere(rows, cols, k int, a, b *F, bStep int, c []F, rowStep, colStep int, add bool) {
	vectors := w.vectors(cols)
	step := vectors * w.lanes
	if add {
		for i := range rows {
			row := w.tiled[i*step:][:cols]
			for j := range row {
				row[j] = c[i*rowStep+j*colStep]
			}
		}
	}
	w.tile(rows, vectors, k, a, rows, b, bStep, &w.tiled[0], step, cols, number(add))
	for i := range rows {
		for j, x := range w.tiled[i*step:][:cols] {
			c[i*rowStep+j*colStep] = x
		}
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pack sets dst[p*step+i] to e[i*laneStep+p*kStep] for i below n, which fit two vectors,
// and p below k. It may write two vectors beyond the last one.
func (w *worker[F]) pack(dst []F, step int, e []F, laneStep, kStep, n, k int) {
	switch {
	case n == 1 && step == 1 && kStep == 1:
		copy(dst, e[:k])
	case laneStep == 1 || n == 1:
		w.copyRows(&dst[0], step, &e[0], kStep, k, n)
	case kStep == 1:
		w.transposed(dst, step, e, laneStep, n, k)
	default:
		for p := range k {
			to := dst[p*step:][:n]
			for i := range to {
				to[i] = e[i*laneStep+p*kStep]
			}
		}
	}
}

// transposed is pack for lanes that have their elements side by side.
func (w *worker[F]) transposed(dst []F, step int, e []F, laneStep, n, k int) {
	// A vector may reach into the next one's, so that the last ones are first.
	lanes := w.kernels.lanes
	for first := (n - 1) / lanes * lanes; first >= 0; first -= lanes {
		for i := range lanes {
			// Beyond the last one it does not matter which.
			w.heads[i] = &e[min(first+i, n-1)*laneStep]
		}
		w.transpose(&dst[first], step, &w.heads[0], k)
	}
	clear(w.heads[:lanes])
}

func scaleBy[F Float](x []F, by F) {
	if by == 1 {
		return
	}
	for i := range x {
		x[i] *= by
	}
}
