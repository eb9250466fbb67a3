package building

import (
	"errors"
	"sync"
	"testing"
)

// One at a time builds, and each gets its own error.
func TestExclusively(t *testing.T) {
	odd := errors.New("odd")
	inside, n := 0, 0
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				err := Exclusively(func() error {
					if inside++; inside != 1 {
						t.Errorf("%d build at once", inside)
					}
					inside--
					n++
					if i%2 == 1 {
						return odd
					}
					return nil
				})
				if errors.Is(err, odd) != (i%2 == 1) {
					t.Errorf("%d got the error %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if n != 800 {
		t.Errorf("%d were built, want 800", n)
	}
}

// Who panics does not keep the others out.
func TestExclusivelyPanics(t *testing.T) {
	func() {
		defer func() { _ = recover() }()
		_ = Exclusively(func() error { panic("in the graph") })
	}()
	if err := Exclusively(func() error { return nil }); err != nil {
		t.Error(err)
	}
}

// What is done alone sees no build and no run at work, and they see it done or not begun.
func TestAlone(t *testing.T) {
	var wg sync.WaitGroup
	shared := 0
	for i := range 100 {
		wg.Go(func() {
			read := func() error { _ = shared; return nil } // for the race detector
			switch i % 3 {
			case 0:
				Alone(func() { shared++ })
			case 1:
				_ = Run(read)
			default:
				_ = Exclusively(read)
			}
		})
	}
	wg.Wait()
	if shared != 34 {
		t.Errorf("want 34, got %d", shared)
	}
}
