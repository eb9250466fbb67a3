// Package shell writes command lines that a reader can paste into a shell.
package shell

import (
	"regexp"
	"strings"
)

var plain = regexp.MustCompile(`^[a-zA-Z0-9_@%+=:,./-]+$`)

// Quote returns words for a POSIX shell, separated by spaces. Words with
// anything but letters, digits and the usual characters of paths are quoted.
func Quote(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; !plain.MatchString(w) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
