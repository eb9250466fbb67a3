package configfile

import (
	"fmt"
	"strings"
)

// Nearest returns the known name that is most similar to name, or "" if none is
// similar enough: up to a third of its letters, and always one, may be wrong,
// missing or extra. Case is ignored.
func Nearest(name string, known []string) string {
	best, found := max(1, len(name)/3)+1, ""
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k), best); d < best {
			best, found = d, k
		}
	}
	return found
}

// unknown returns a message that there is no such key, with the one that was
// perhaps meant.
func unknown(key string, known []string) string {
	s := fmt.Sprintf("unknown key %.80q", key)
	if near := Nearest(key, known); near != "" {
		return fmt.Sprintf("%s, did you mean %q?", s, near)
	}
	if len(known) == 0 {
		return s + ", no key is known here"
	}
	return fmt.Sprintf("%s: must be one of %s", s, strings.Join(known, ", "))
}

// distance returns the number of insertions, deletions, substitutions and swaps
// of neighbours that turn a into b (optimal string alignment), but at most
// limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(limit, last[len(b)])
}
