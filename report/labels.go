package report

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/gorgonia-dropout/dropout/internal/plaintext"
)

// wrap breaks s into lines of at most the given width, at spaces if possible.
// Nothing is cut: a longer word continues on the next line.
func wrap(style draw.TextStyle, s string, width vg.Length) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(plaintext.Line(s)) {
		if long := strings.TrimSpace(line + " " + word); style.Width(long) <= width {
			line = long
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for style.Width(word) > width {
			head := word[:fitting(style, word, width)]
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// fitting returns how many bytes of s, whole runes and at least one, fit into
// width.
func fitting(style draw.TextStyle, s string, width vg.Length) int {
	_, n := utf8.DecodeRuneInString(s)
	for n < len(s) {
		_, size := utf8.DecodeRuneInString(s[n:])
		if style.Width(s[:n+size]) > width {
			break
		}
		n += size
	}
	return n
}

const ellipsis = "…"

// shorten cuts the end of s to the given width and adds an ellipsis.
func shorten(style draw.TextStyle, s string, width vg.Length) string {
	if style.Width(s) <= width {
		return s
	}
	return s[:fitting(style, s, width-style.Width(ellipsis))] + ellipsis
}

// shortenStart cuts the beginning of s.
func shortenStart(style draw.TextStyle, s string, width vg.Length) string {
	for s != "" && style.Width(ellipsis+s) > width {
		_, n := utf8.DecodeRuneInString(s)
		s = s[n:]
	}
	return ellipsis + s
}

// shortenMiddle cuts the middle of s.
func shortenMiddle(style draw.TextStyle, s string, width vg.Length) string {
	r := []rune(s)
	head, tail := (len(r)+1)/2, len(r)/2
	for head+tail > 2 && style.Width(string(r[:head])+ellipsis+string(r[len(r)-tail:])) > width {
		if head > tail {
			head--
		} else {
			tail--
		}
	}
	return string(r[:head]) + ellipsis + string(r[len(r)-tail:])
}

// distinct cuts names to the given width so that those that differ still do: at
// their ends if that is enough, otherwise at their beginnings or in their
// middles, if these are what they share, otherwise after a number, from 1.
func distinct(style draw.TextStyle, names []string, width vg.Length) []string {
	cleaned := make([]string, len(names))
	for i, name := range names {
		cleaned[i] = plaintext.Line(name)
	}
	shared := len(commonPrefix(style, cleaned, width))
	shortenShared := func(style draw.TextStyle, s string, width vg.Length) string {
		return ellipsis + shorten(style, s[shared:], width-style.Width(ellipsis))
	}
	for _, cut := range []func(draw.TextStyle, string, vg.Length) string{shorten, shortenShared, shortenMiddle, shortenStart} {
		short := make([]string, len(names))
		for i, name := range cleaned {
			if short[i] = name; style.Width(name) > width {
				short[i] = cut(style, name, width)
			}
		}
		if sameEqualities(cleaned, short) {
			return short
		}
	}
	short := make([]string, len(names))
	for i, name := range cleaned {
		number := strconv.Itoa(slices.Index(cleaned, name)+1) + " "
		short[i] = number + shorten(style, name, width-style.Width(number))
	}
	return short
}

// commonPrefix returns what the names that are wider than width begin with, in
// whole runes.
func commonPrefix(style draw.TextStyle, names []string, width vg.Length) string {
	prefix, found := "", false
	for _, name := range names {
		if style.Width(name) <= width {
			continue
		}
		if !found {
			prefix, found = name, true
		}
		for !strings.HasPrefix(name, prefix) {
			_, n := utf8.DecodeLastRuneInString(prefix)
			prefix = prefix[:len(prefix)-n]
		}
	}
	return prefix
}

// sameEqualities reports whether two of b are equal only where those of a are.
func sameEqualities(a, b []string) bool {
	of := make(map[string]string)
	for i, s := range b {
		if before, ok := of[s]; ok && before != a[i] {
			return false
		}
		of[s] = a[i]
	}
	return true
}
