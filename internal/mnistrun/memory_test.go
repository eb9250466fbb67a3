package mnistrun_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/mnistrun"
	"github.com/gorgonia-dropout/dropout/internal/room"
)

func TestInsist(t *testing.T) {
	if _, ok := room.Memory(); !ok {
		t.Skip("the system does not say how much memory there is")
	}
	if err := (mnistrun.Insist{}).Room(math.MaxInt64); err == nil || !strings.Contains(err.Error(), "--insist begins all the same") {
		t.Errorf("what cannot fit must be refused, got %v", err)
	}
	if err := (mnistrun.Insist{}).Room(1 << 20); err != nil {
		t.Error(err)
	}
	if err := (mnistrun.Insist{Insist: true}).Room(math.MaxInt64); err != nil {
		t.Errorf("whoever insists must be let, got %v", err)
	}
}
