package datasets

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// The limits of names.
const (
	maxClasses = 1 << 16
	maxGroups  = 1 << 24
)

// names numbers strings in the order of their first occurrence.
type names struct {
	names  []string
	of     map[string]int
	limit  int
	closed bool // no others may come
}

// newNames returns the known names, to which none may be added, or no names yet
// if known is nil.
func newNames(known []string, limit int) (*names, error) {
	n := &names{names: slices.Clone(known), of: make(map[string]int), limit: limit, closed: known != nil}
	for i, name := range known {
		if first, ok := n.of[name]; ok {
			return nil, errors.Errorf("Classes must differ, got %s for %d and %d", quoted(name), first, i)
		}
		n.of[name] = i
	}
	return n, nil
}

func (n *names) index(name string) (int, error) {
	if i, ok := n.of[name]; ok {
		return i, nil
	}
	if isMissing(name) {
		return 0, errors.Errorf("value is missing: must be a name, got %q", name)
	}
	if n.closed {
		return 0, errors.Errorf("must be one of %s, got %s", listed(n.names), quoted(name))
	}
	i := len(n.names)
	if i == n.limit {
		return 0, errors.Errorf("must be one of at most %d different names, got one more, %s", n.limit, quoted(name))
	}
	// Cloned, since a record's strings share memory with the whole line.
	name = strings.Clone(name)
	n.names = append(n.names, name)
	n.of[name] = i
	return i, nil
}

// sort returns the names in order and renumbers ids to match.
func (n *names) sort(ids []int) []string {
	numbers := make(map[string]whole)
	for _, name := range n.names {
		if v, ok := parseWhole(name); ok {
			numbers[name] = v
		}
	}
	sorted := slices.Clone(n.names)
	slices.SortFunc(sorted, func(a, b string) int {
		if len(numbers) == len(sorted) {
			if c := compareWhole(numbers[a], numbers[b]); c != 0 {
				return c
			}
		}
		return strings.Compare(a, b)
	})
	to := make([]int, len(sorted))
	for i, name := range sorted {
		to[n.of[name]] = i
	}
	for i, id := range ids {
		ids[i] = to[id]
	}
	return sorted
}

// whole is a whole number of any size, such as an identifier.
type whole struct {
	negative bool
	digits   string // without zeros in front
}

func parseWhole(s string) (whole, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits, _ = strings.CutPrefix(s, "+")
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return whole{}, false
	}
	digits = strings.TrimLeft(digits, "0")
	return whole{negative && digits != "", digits}, true
}

func compareWhole(a, b whole) int {
	switch {
	case a.negative && b.negative:
		a, b = b, a
	case a.negative:
		return -1
	case b.negative:
		return 1
	}
	return cmp.Or(cmp.Compare(len(a.digits), len(b.digits)), strings.Compare(a.digits, b.digits))
}
