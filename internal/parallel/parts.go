package parallel

// Parts divides [0, N) into parts of Size elements. The first part is Skip
// elements shorter, and the last may be shorter too.
type Parts struct{ N, Size, Skip int }

// Count returns the number of parts.
func (p Parts) Count() int { return (p.Skip + p.N + p.Size - 1) / p.Size }

// Part returns part i, which is [from, to).
func (p Parts) Part(i int) (from, to int) {
	return max(0, i*p.Size-p.Skip), min(p.N, (i+1)*p.Size-p.Skip)
}
