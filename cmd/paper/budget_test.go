package main

import (
	"reflect"
	"testing"

	"github.com/gorgonia-dropout/dropout/cmd/paper/internal/variant"
)

// Results on opticks are of so many places of the test text as the budget says, settings of
// the held-out ones of the validation text.
func TestOpticksData(t *testing.T) {
	set := variant.SetNamed(variant.Opticks)
	tr := trial{Arm: variantArm(set, set.Method(variant.None), variant.Places(1, tuneSeed)[0]), Budget: budget{Test: 30}, Seed: 2}
	tr.Arm.Images = 50
	for _, tt := range []struct {
		held, places int
		validation   bool
	}{{0, 30, false}, {20, 20, true}} {
		tr.Held = tt.held
		got, err := (&sets{}).data(tr)
		if err != nil {
			t.Fatal(err)
		}
		want, err := variant.Characters(2, 50, tt.places, tt.validation)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d held out: want %d places, of the validation text: %v", tt.held, tt.places, tt.validation)
		}
	}
}
