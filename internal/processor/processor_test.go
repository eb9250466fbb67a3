package processor

import "testing"

func TestNamed(t *testing.T) {
	for info, want := range map[string]string{
		"":                                    "unknown processor",
		"processor\t: 0\nBogoMIPS\t: 50.00\n": "unknown processor", // arm64
		"processor\t: 0\nmodel\t\t: 1\nmodel name\t: A B: C\nmodel name\t: D\n": "A B: C",
	} {
		if got := named(info); got != want {
			t.Errorf("%q: got %q, want %q", info, got, want)
		}
	}
	if Name() == "" {
		t.Error("there must always be a name")
	}
}
