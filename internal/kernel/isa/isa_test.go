package isa

import (
	"slices"
	"strconv"
	"testing"
)

func TestChoose(t *testing.T) {
	all := []Set{Generic, AVX2, AVX512}
	for _, tt := range []struct {
		name      string
		supported []Set
		want      Set
	}{
		{"", all, AVX512}, {"generic", all, Generic}, {"avx2", all, AVX2}, {"avx512", all, AVX512},
		{"avx512", all[:2], AVX2}, {"avx2", all[:1], Generic}, {"neon", all, AVX512}, {"AVX2", all, AVX512},
		{"neon", []Set{Generic, NEON}, NEON}, {"generic", []Set{Generic, NEON}, Generic},
	} {
		if got := Choose(tt.name, tt.supported); got != tt.want {
			t.Errorf("Choose(%q, %v) = %v, want %v", tt.name, tt.supported, got, tt.want)
		}
	}
}

func TestActiveIsSupported(t *testing.T) {
	all := Supported()
	if all[0] != Generic || !slices.Contains(all, Active()) {
		t.Errorf("Active() = %v, want one of %v, the first of which must be %v", Active(), all, Generic)
	}
}

// A set that is asked for and cannot be had is an error that says which can.
func TestCheckChoice(t *testing.T) {
	some := []Set{Generic, AVX2}
	for _, name := range []string{"", "generic", "avx2"} {
		if err := checkChoice(name, some); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"bogus", "avx512", "AVX2"} {
		want := "DROPOUT_KERNEL must be one of generic, avx2 on this processor, got " + strconv.Quote(name)
		if err := checkChoice(name, some); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
