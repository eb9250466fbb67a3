package unlike

import "testing"

func TestOf(t *testing.T) {
	var entropies, informations []float64
	for i := range 200 {
		entropies, informations = append(entropies, float64(199-i)), append(informations, float64(i)/1000)
	}
	u := Of(entropies, informations)
	if u.Examples != 200 || u.Entropy != 190 || u.Information != 0.19 {
		t.Errorf("190 of 200 must be below, got %+v", u)
	}
	for _, tt := range []struct {
		entropy, information float64
		want                 bool
	}{{190, 0.19, false}, {190.5, 0, true}, {0, 0.1905, true}} {
		if got := u.Exceeds(tt.entropy, tt.information); got != tt.want {
			t.Errorf("Exceeds(%v, %v): must be %v, got %v", tt.entropy, tt.information, tt.want, got)
		}
	}
	if one := Of([]float64{1}, []float64{2}); one.Entropy != 1 || one.Information != 2 {
		t.Errorf("one example must be its own measure, got %+v", one)
	}
}
