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
