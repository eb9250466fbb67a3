package product

// directBytes is the size of b up to which it is not packed although it is read for
// several panels: it stays in the first-level cache.
const directBytes = 16 << 10

// alone is the number of columns a goroutine for which it packs all panels itself: they
// take a few per cent of its time, and are not fetched from another core.
const alone = 128

// plan is how a product is cut up: rows and k into blocks, of which one of a is packed
// at a time, the rows of a block into panels of a tile's height, columns into slivers of
// a tile's width.
type plan struct {
	rows, depth parts
	pieces      int // of the depth of a block, of which one of b is packed at a time
	panelSize   int // elements from one packed piece of a panel to the next
	slivers     int
	groups      int  // of panels: a task is a sliver and a group
	direct      bool // b is not packed
	private     bool // each goroutine packs all panels for itself
	goroutines  int
}

// planFor cuts up a product for so many goroutines at most.
func (k *kernels[F]) planFor(m, n, depth int, goroutines int) plan {
	var p plan
	elements := k.packed / k.size()
	p.depth = cut(depth, max(k.depth, elements/min(m, 768)))
	p.rows = cut(m, max(k.rows, elements/p.depth.largest()))
	pieces := cut(p.depth.largest(), k.depth)
	p.pieces, p.panelSize = pieces.count, k.rows*pieces.largest()+2*maxLanes
	p.slivers = ceil(n, k.columns())
	p.direct = m <= k.rows || n*depth*k.size() <= directBytes

	panels := k.panels(p.rows.largest()).count
	p.goroutines = max(1, min(goroutines, panels*p.slivers, m*n*depth/k.grain))
	p.groups = 1
	if p.goroutines == 1 {
		return p
	}
	// Several tasks for each, so that one that is interrupted holds up little.
	p.groups = min(panels, ceil(4*p.goroutines, p.slivers))
	switch {
	case m >= n && p.depth.count > 1 && n >= 2*alone*p.goroutines:
		// Each block of rows packs all of b, twice if goroutines had rows.
		p.groups, p.private = 1, true
	case m >= n:
		// A goroutine has some of the rows, and packs b for itself.
		p.groups = min(panels, max(p.groups, p.goroutines))
	case p.groups == 1 && n >= alone*p.goroutines:
		p.private = true
	}
	return p
}

// panels cuts rows of a block into panels.
func (k *kernels[F]) panels(rows int) parts { return cut(rows, k.rows) }

// blocks is the number of blocks.
func (p *plan) blocks() int { return p.rows.count * p.depth.count }

// block returns the rows and the part of k of a block. Those of the same rows follow
// each other.
func (p *plan) block(i int) (rows, depth span) {
	return p.rows.part(i / p.depth.count), p.depth.part(i % p.depth.count)
}

// cutDepth cuts the depth of a block into pieces, as many for each block.
func (p *plan) cutDepth(depth span) parts { return parts{depth.n, p.pieces} }

// parts are n things in parts whose sizes differ by 1 at most.
type parts struct{ n, count int }

// cut cuts n things into as few parts of at most size as there can be.
func cut(n, size int) parts { return parts{n, ceil(n, size)} }

func ceil(n, size int) int { return (n + size - 1) / size }

func (p parts) largest() int { return ceil(p.n, p.count) }

// part returns part i: the larger ones come first.
func (p parts) part(i int) span {
	size, more := p.n/p.count, p.n%p.count
	return span{i*size + min(i, more), size + min(1, max(0, more-i))}
}

// span is n things from the first on.
type span struct{ first, n int }

func (s span) end() int { return s.first + s.n }
