package main

import (
	"fmt"
	"math"
)

// An outcome is the tests' verdict on a mutant.
type outcome string

const (
	killed    outcome = "KILLED"
	timedOut  outcome = "TIMED OUT" // which a test run would notice too
	lived     outcome = "LIVED"
	uncovered outcome = "NOT COVERED"
)

// A count is the result for a package.
type count struct {
	killed, timedOut, lived, uncovered int
	whole                              bool // all mutants were tested, not a sample
}

func (c *count) add(o outcome) {
	switch o {
	case killed:
		c.killed++
	case timedOut:
		c.timedOut++
	case lived:
		c.lived++
	case uncovered:
		c.uncovered++
	}
}

func (c count) of() int { return c.killed + c.timedOut + c.lived + c.uncovered }

// share returns the share of mutants that are killed or time out, in per cent.
func (c count) share() float64 {
	if c.of() == 0 {
		return 100
	}
	return 100 * float64(c.killed+c.timedOut) / float64(c.of())
}

// interval returns the 95 % confidence interval of the share (Wilson 1927), in
// per cent.
func (c count) interval() (low, high float64) {
	const z = 1.959964
	n, p := float64(c.of()), c.share()/100
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return 100 * (middle - half), 100 * (middle + half)
}

func (c count) String() string {
	s := fmt.Sprintf("%d killed, %d timed out, %d lived, %d not covered, of %d: %.1f %%",
		c.killed, c.timedOut, c.lived, c.uncovered, c.of(), c.share())
	if !c.whole && c.of() > 0 {
		low, high := c.interval()
		s += fmt.Sprintf(" (95 %% interval %.0f to %.0f %%)", low, high)
	}
	return s
}
