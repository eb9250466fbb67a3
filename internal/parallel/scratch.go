package parallel

import "sync"

// Scratch keeps temporary memory from one run to the next. Users own the memory
// that they take until they give it back, so machines may run at the same time.
type Scratch[F float32 | float64] struct {
	pool  sync.Pool // of *[]F
	empty sync.Pool // of *[]F that hold nothing, for Give to allocate none
}

// Take returns memory of n elements with undefined contents.
func (s *Scratch[F]) Take(n int) []F {
	p, ok := s.pool.Get().(*[]F)
	if !ok {
		return make([]F, n)
	}
	m := *p
	*p = nil
	s.empty.Put(p)
	if cap(m) < n {
		return make([]F, n)
	}
	return m[:n]
}

// Give returns memory that was taken.
func (s *Scratch[F]) Give(m []F) {
	p, ok := s.empty.Get().(*[]F)
	if !ok {
		p = new([]F)
	}
	*p = m
	s.pool.Put(p)
}

// Memory is the scratch memory of an op, for either type, including what its
// goroutines share.
type Memory struct {
	float32s, shared32s Scratch[float32]
	float64s, shared64s Scratch[float64]
}

// ScratchOf returns the part of m that is for F.
func ScratchOf[F float32 | float64](m *Memory) *Scratch[F] {
	if s, ok := any(&m.float32s).(*Scratch[F]); ok {
		return s
	}
	s, _ := any(&m.float64s).(*Scratch[F])
	return s
}

// SharedOf is [ScratchOf] for what goroutines share.
func SharedOf[F float32 | float64](m *Memory) *Scratch[F] {
	if s, ok := any(&m.shared32s).(*Scratch[F]); ok {
		return s
	}
	s, _ := any(&m.shared64s).(*Scratch[F])
	return s
}
