package main

import (
	"strings"
	"testing"

	"github.com/gorgonia-dropout/dropout/internal/room"
)

// TestTooLarge asks for 64 networks of the paper's widths at a time, which take 56 GiB.
func TestTooLarge(t *testing.T) {
	if free, ok := room.Memory(); !ok || free > 48<<30 {
		t.Skip("there is room, or the system does not say")
	}
	c := &cli{Budget: "hours", Images: 100}
	if said, err := c.fits([]study{table2}, fakeSets(), 1); err != nil || !strings.HasPrefix(said, "Memory for each of 1 runs at a time: 8") {
		t.Errorf("one must fit, got %q and %v", said, err)
	}
	if _, err := c.fits([]study{table2}, fakeSets(), 64); err == nil || !strings.Contains(err.Error(), ", 64 times: too large for this machine (--insist") || strings.Contains(err.Error(), "\n") {
		t.Errorf("want one line with the reason, got %v", err)
	}
	c.Insist.Insist.Insist = true
	if _, err := c.fits([]study{table2}, fakeSets(), 64); err != nil {
		t.Errorf("whoever insists must be let, got %v", err)
	}
}

// TestMemory estimates what each study takes, which must grow with its widths.
func TestMemory(t *testing.T) {
	for _, s := range studies {
		b := s.budgets["tiny"]
		small, err := fakeSets().largest(b, s, nil)
		if err != nil {
			t.Fatal(s.name, err)
		}
		b.Shrink /= 8
		large, err := fakeSets().largest(b, s, nil)
		if err != nil {
			t.Fatal(s.name, err)
		}
		if small.Total() <= 0 || large.Weights <= small.Weights || large.Activations <= small.Activations {
			t.Errorf("%s: wider networks must take more, got %v and %v", s.name, small, large)
		}
	}
}
