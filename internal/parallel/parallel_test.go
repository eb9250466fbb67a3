package parallel_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/kerneltest"
	"github.com/gorgonia-dropout/dropout/internal/parallel"
)

// Every index is visited once, whatever the number of items and their size.
func TestEachAndRanges(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 1000, 40_001} {
		for _, elements := range []int{0, 1, 100, 1 << 15} {
			t.Run(fmt.Sprintf("%d of %d", n, elements), func(t *testing.T) {
				each, ranges := make([]atomic.Int32, n), make([]atomic.Int32, n)
				parallel.Each(n, elements, func(i int) { each[i].Add(1) })
				parallel.Ranges(n, elements, func(from, to int) {
					for i := from; i < to; i++ {
						ranges[i].Add(1)
					}
				})
				for i := range n {
					if each[i].Load() != 1 || ranges[i].Load() != 1 {
						t.Fatalf("index %d: Each visited it %d times, Ranges %d times", i, each[i].Load(), ranges[i].Load())
					}
				}
			})
		}
	}
}

// What is taken has the size asked for and is its taker's alone.
func TestScratch(t *testing.T) {
	var m parallel.Memory
	check(t, parallel.ScratchOf[float32](&m))
	check(t, parallel.ScratchOf[float64](&m))
	check(t, parallel.SharedOf[float32](&m))
	check(t, parallel.SharedOf[float64](&m))
}

func check[F float32 | float64](t *testing.T, s *parallel.Scratch[F]) {
	t.Helper()
	for _, n := range []int{10, 4, 20, 0} {
		a, b := s.Take(n), s.Take(n)
		if len(a) != n || len(b) != n {
			t.Fatalf("want %d elements, got %d and %d", n, len(a), len(b))
		}
		if n > 0 && &a[0] == &b[0] {
			t.Fatal("two takers have one memory")
		}
		s.Give(a)
		s.Give(b)
	}
}

// Parts cover everything once, in order, and are cut at multiples of the size after what
// the first part lacks.
func TestParts(t *testing.T) {
	for _, p := range []parallel.Parts{{N: 0, Size: 4}, {N: 1, Size: 4}, {N: 9, Size: 4}, {N: 8, Size: 4}, {N: 9, Size: 4, Skip: 3}, {N: 1, Size: 4, Skip: 1}} {
		at := 0
		for i := range p.Count() {
			from, to := p.Part(i)
			if from != at || to <= from || to-from > p.Size || to < p.N && (to+p.Skip)%p.Size != 0 {
				t.Errorf("%+v: part %d is [%d, %d), want one from %d on", p, i, from, to, at)
			}
			at = to
		}
		if at != p.N {
			t.Errorf("%+v: parts end at %d", p, at)
		}
	}
}

// Work pays for a core for each grain of it, and for no more cores than there are.
func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	for _, tt := range []struct{ work, grain, want int }{{0, 10, 1}, {19, 10, 1}, {20, 10, 2}, {39, 10, 3}, {1000, 10, 3}} {
		if got := parallel.Workers(tt.work, tt.grain); got != tt.want {
			t.Errorf("Workers(%d, %d) = %d, want %d", tt.work, tt.grain, got, tt.want)
		}
	}
}

// A team's goroutines have numbers of their own, run at once where there are cores, and
// are done when Run returns.
func TestTeam(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
	var team parallel.Team[*[5]atomic.Int32]
	for _, workers := range []int{0, 1, 2, 5, 2} {
		var seen [5]atomic.Int32
		var inside parallel.Tasks
		team.Run(workers, &seen, func(seen *[5]atomic.Int32, worker int) {
			seen[worker].Add(1)
			inside.Done()
			inside.Wait(max(1, workers)) // never ends unless all run at once
		})
		for i := range seen {
			want := int32(0)
			if i < max(1, workers) {
				want = 1
			}
			if got := seen[i].Load(); got != want {
				t.Errorf("%d workers: number %d ran %d times, want %d", workers, i, got, want)
			}
		}
	}
}

// Nobody waits for goroutines that have not come: on one core none does.
func TestTeamAlone(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var team parallel.Team[*atomic.Int32]
	var ran atomic.Int32
	team.Run(4, &ran, func(ran *atomic.Int32, worker int) { ran.Add(int32(1 + worker)) })
	if got := ran.Load(); got != 1 {
		t.Errorf("goroutines other than the caller's ran on one core: %d", got)
	}
}

// Runs of many callers, within each other too, end, each with all of its work done; those
// that find no helper do it alone.
func TestManyTeams(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var outer, inner parallel.Split[summing, *summing]
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			for range 50 {
				var sum, all atomic.Int64
				parallel.Each(8, 1<<14, func(int) { inner.Run(3, parallel.Parts{N: 20, Size: 3}, summing{&sum}) })
				outer.Run(4, parallel.Parts{N: 100, Size: 1}, summing{&all})
				if sum.Load() != 8*190 || all.Load() != 4950 {
					t.Errorf("got sums %d and %d, want %d and 4950", sum.Load(), all.Load(), 8*190)
				}
			}
		})
	}
	group.Wait()
}

// summing adds the indices of parts.
type summing struct{ to *atomic.Int64 }

func (s *summing) Part(from, to int) {
	for i := from; i < to; i++ {
		s.to.Add(int64(i))
	}
}

// Runs of one split may overlap, and each keeps to its argument.
func TestSplitsOverlap(t *testing.T) {
	var split parallel.Split[summing, *summing]
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for n := range 200 {
				var sum atomic.Int64
				split.Run(3, parallel.Parts{N: n, Size: 7}, summing{&sum})
				if want := int64(n * (n - 1) / 2); sum.Load() != want {
					t.Errorf("the sum of %d numbers is %d, want %d", n, sum.Load(), want)
				}
			}
		})
	}
	group.Wait()
}

// After the first runs nothing is allocated.
func TestAllocations(t *testing.T) {
	if kerneltest.Race {
		t.Skip("the race detector empties pools")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var split parallel.Split[summing, *summing]
	var scratch parallel.Scratch[float64]
	x := make([]float64, 100)
	f := func(i int) { x[i]++ }
	var sum atomic.Int64
	if n := kerneltest.Allocations(func() {
		split.Run(2, parallel.Parts{N: len(x), Size: 10}, summing{&sum})
		parallel.Each(len(x), 1<<14, f)
		scratch.Give(scratch.Take(100))
	}); n >= 1 {
		t.Errorf("%v allocations, want none", n)
	}
}

// Each task is given out once, those of a goroutine's range first, and those that others
// have not come for in the end.
func TestTasks(t *testing.T) {
	var tasks parallel.Tasks
	for _, n := range []int{0, 1, 5, 100} {
		for _, workers := range []int{1, 2, 3, 7} {
			tasks.Reset(n, workers)
			given := make([]int, n)
			take := func(worker int) (int, bool) {
				i, ok := tasks.Next(worker)
				if ok {
					given[i]++
				}
				return i, ok
			}
			last := workers - 1
			for want := last * n / workers; want < n; want++ {
				if i, ok := take(last); !ok || i != want {
					t.Errorf("%d tasks, %d goroutines: the last one got %d, want %d", n, workers, i, want)
				}
			}
			for _, ok := take(0); ok; _, ok = take(0) {
			}
			for i, times := range given {
				if times != 1 {
					t.Errorf("%d tasks, %d goroutines: task %d was given out %d times", n, workers, i, times)
				}
			}
		}
	}
}
