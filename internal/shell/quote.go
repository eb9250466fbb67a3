// Package shell writes command lines that a reader can paste into a shell.
package shell

import (
	"regexp"
	"strings"
)

var plain = regexp.MustCompile(`^[a-zA-Z0-9_@%+=:,./-]+$`)

// Quote returns words as a POSIX shell takes them, with a space between: in quotes
// what has more than letters, digits and the usual signs of paths.
func Quote(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; !plain.MatchString(w) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
