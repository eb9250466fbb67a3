// Package units has what kernels need to know of chosen units, such as those that a
// dropout keeps, and brings their elements together. All instruction sets give the same
// bits.
package units

import (
	"slices"

	"github.com/pkg/errors"
)

//go:generate go -C gen run . -out ../units_amd64.s -stubs ../stubs_amd64.go -pkg units

// Float is the type of an element.
type Float interface{ float32 | float64 }

// Units are ascending indices of things of which there are so many. The zero value has
// none of none.
type Units struct {
	indices []int
	of      int
	bits    []uint8 // of eight things each, the first the lowest
}

// Set sets u to the units with the given indices, which must be ascending in [0, of). It
// keeps the slice, and uses the memory of the last call again.
func (u *Units) Set(indices []int, of int) error {
	u.indices, u.of = nil, 0
	before := -1
	for _, i := range indices {
		if i <= before || i >= of {
			return errors.Errorf("units must be ascending in [0, %d), got %d after %d", of, i, before)
		}
		before = i
	}
	u.indices, u.of = indices, of
	n := (of + lanes - 1) / lanes
	u.bits = slices.Grow(u.bits[:0], n)[:n]
	clear(u.bits)
	for _, i := range indices {
		u.bits[i/lanes] |= 1 << (i % lanes)
	}
	return nil
}

// Indices returns the indices, which belong to the caller of Set.
func (u *Units) Indices() []int { return u.indices }

// lanes is how many things a group has.
const lanes = 8

// Groups are the units of a range that loops take eight things at a time.
type Groups struct {
	// Bits has a byte for each group: of its eight things, those that are units, the first
	// the lowest. None of the others is in another range's groups.
	Bits []uint8
	// First is the first thing of the first group.
	First int
	// From and To are the first of their units, counted from that of the range on, and the
	// one after the last. Units outside are left to a loop that takes them one by one.
	From, To int
}

// Groups returns the groups for units [from, to). A loop may take eight elements from the
// first unit of each, without reaching beyond the range, and its eight things exist. There
// are none where that pays less than taking the units one by one.
func (u *Units) Groups(from, to int) Groups {
	if to-from < 2*lanes {
		return Groups{}
	}
	x := u.indices
	// A group that begins here or before leaves room for eight elements, and as many
	// things follow its first one.
	last := x[to-lanes] / lanes
	end := to - lanes + 1
	for end < to && x[end]/lanes == last {
		end++
	}
	// The units before belong to another range, with what else their group has.
	first := from
	for first > 0 && first < end && x[first-1]/lanes == x[first]/lanes {
		first++
	}
	if first == end {
		return Groups{}
	}
	group := x[first] / lanes
	if end-first < sparse*(last-group+1) {
		return Groups{}
	}
	return Groups{u.bits[group : last+1], group * lanes, first - from, end - from}
}

// sparse is the number of units of a group on average from which eight things at a time
// are no slower than the units one by one.
const sparse = 2
