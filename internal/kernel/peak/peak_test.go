package peak

import (
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/kernel/isa"
)

func TestMultiplyAdds(t *testing.T) {
	err := MultiplyAdds(-1)
	if want := "peak: MultiplyAdds: n must not be negative, got -1"; err == nil || err.Error() != want {
		t.Errorf("want error %q, got %v", want, err)
	}
	for _, n := range []int{0, 1, 1000, 100_001} {
		err := MultiplyAdds(n)
		if isa.Active() != isa.Generic {
			if err != nil {
				t.Errorf("%d: %v", n, err)
			}
		} else if err == nil || !strings.HasSuffix(err.Error(), "must be avx2, avx512 or neon, got generic") {
			t.Errorf("%d: got %v", n, err)
		}
	}
}

// Every vector set that the processor has also has a loop, which adds as often as it says.
func TestLoops(t *testing.T) {
	lanes := map[isa.Set]int{isa.AVX2: 8, isa.AVX512: 16, isa.NEON: 4}
	for _, set := range isa.Supported() {
		run, turn := loopOf(set)
		if (run == nil) != (set == isa.Generic) {
			t.Errorf("%v: a loop is missing, or there is one too many", set)
		}
		if run == nil {
			continue
		}
		for _, n := range []int{1, 2, 1000} {
			var sum float32
			run(&sum, n, 2)
			// Each multiply-add of a lane adds 4 to its 2.
			if got := (sum - 2*float32(turn/lanes[set])) / 4 * float32(lanes[set]); got != float32(n*turn) {
				t.Errorf("%v: %d turns: want %d multiply-adds, got %v", set, n, n*turn, got)
			}
		}
	}
}
