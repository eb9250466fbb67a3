// Package plaintext shows text that comes from outside, such as names in files, where a
// terminal or a reader of XML would take it for more than text.
package plaintext

import (
	"strings"
	"unicode"
)

// Line returns s as one line of printable characters. White space becomes a blank, as
// do the separators of lines and paragraphs. What else can't be printed becomes U+FFFD:
// what a terminal would obey (escape sequences), what turns the direction of text or is
// not seen, what is no UTF-8, and what XML forbids.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
