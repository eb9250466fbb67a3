package isa

import (
	"slices"
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
