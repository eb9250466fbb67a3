package tabular

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A look at the values of a column.
type seen struct {
	present, missing    int
	levels              map[string]int // spellings
	numbers, commas     int            // that parse with a point, with a comma
	grouped             int            // with commas between thousands
	groups              bool           // of which one has more than a comma, or a point
	small               int            // whole numbers below 1000
	whole, fractions    int
	bytes, spaces       int
	odd                 string // the first value that is no number
	steps               bool   // whole numbers, each one more than that before it
	lastWhole, wholeRun int
}

func inspect(values []string) *seen {
	s := &seen{levels: make(map[string]int), steps: true}
	for _, v := range values {
		if isMissing(v) {
			s.missing++
			s.steps = false
			continue
		}
		s.present++
		s.levels[v]++
		s.bytes += len(v)
		s.spaces += strings.Count(v, " ")
		x, point := number(v, false)
		_, comma := number(v, true)
		if point {
			s.numbers++
			if x == math.Trunc(x) {
				s.whole++
			} else {
				s.fractions++
			}
		} else if s.odd == "" {
			s.odd = v
		}
		if comma {
			s.commas++
		}
		if thousands(v) {
			s.grouped++
			s.groups = s.groups || strings.Count(v, ",") > 1 || strings.Contains(v, ".")
		}
		if point && x == math.Trunc(x) && math.Abs(x) < 1000 {
			s.small++
		}
		s.step(v)
	}
	return s
}

// step follows the numbers of rows.
func (s *seen) step(v string) {
	n, err := strconv.Atoi(v)
	if err != nil || s.wholeRun > 0 && n != s.lastWhole+1 {
		s.steps = false
	}
	s.lastWhole = n
	s.wholeRun++
}

// look says what a column looks like.
func look(name string, values []string) Column {
	s := inspect(values)
	c := Column{Name: name, Distinct: len(s.levels), Missing: s.missing, Use: Out}
	rows := len(values)
	switch {
	case s.present == 0:
		c.Note = "has no values"
	case len(s.levels) == 1 && s.missing == 0:
		c.Note = "constant: " + shown(values[0]) + " in each row"
	case s.steps && rows > oneHotLevels:
		c.Note = "id-like: it counts the rows"
	case namedID(name) && len(s.levels) > rows/2 && len(s.levels) > oneHotLevels && s.fractions == 0:
		c.Note = fmt.Sprintf("id-like: by its name, with %d different values in %d rows", len(s.levels), rows)
	case c.asBoolean(s), c.asNumber(s), c.asDate(values, s):
	case s.bytes > textLength*s.present && s.spaces > 3*s.present:
		c.Note = fmt.Sprintf("free text: %d characters on average", s.bytes/s.present)
	default:
		c.asCategory(values, s)
	}
	return c
}

// namedID reports whether a name is one that people give to identifiers.
func namedID(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "id", "uid", "uuid", "guid", "index", "idx", "key", "rowid", "unnamed: 0", "no", "nr", "column 1":
		return true
	}
	for _, end := range []string{"_id", " id", "-id", ".id", "_key", "_uuid", "_no"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

func (c *Column) asBoolean(s *seen) bool {
	if len(s.levels) > 6 {
		return false
	}
	words := make(map[string]bool)
	for v := range s.levels {
		if _, ok := boolean(v); !ok {
			return false
		}
		words[strings.ToLower(v)] = true
	}
	for _, pair := range booleans {
		if words[pair[0]] && words[pair[1]] && len(words) == 2 {
			c.Use = Boolean
			c.Note = pair[0] + " or " + pair[1]
			return true
		}
	}
	return false
}

// thousands reports whether commas are between thousands. Alone, 1,234 may be either; where
// numbers without a comma are all whole and below 1000, or some have two commas or a point
// as well, it is not 1.234.
func (s *seen) thousands() bool {
	return s.grouped > 0 && (s.groups || s.small > 0 && s.small == s.numbers && s.grouped+s.small >= s.commas)
}

// asNumber makes c a column of numbers if nearly all values are.
func (c *Column) asNumber(s *seen) bool {
	n := s.numbers
	switch {
	case s.thousands():
		n, c.Thousands = s.grouped+s.numbers, true
	case s.commas > s.numbers:
		n, c.DecimalComma = s.commas, true
	}
	if float64(n) < shareOfNumber*float64(s.present) {
		c.DecimalComma, c.Thousands = false, false
		return false
	}
	c.Use = Number
	if c.Thousands {
		c.note("numbers with commas between thousands")
	}
	if c.DecimalComma {
		c.note("numbers with a comma in place of the point")
	}
	if odd := s.present - n; odd > 0 {
		what := "values are no numbers"
		if odd == 1 {
			what = "value is no number"
		}
		c.note(fmt.Sprintf("%d %s and taken as missing, such as %s", odd, what, shown(s.odd)))
		c.Missing += odd
	}
	return true
}

func (c *Column) asDate(values []string, s *seen) bool {
	var fit []string
layout:
	for _, layout := range layouts {
		for _, v := range values {
			if isMissing(v) {
				continue
			}
			if _, ok := date(v, layout); !ok {
				continue layout
			}
		}
		fit = append(fit, layout)
	}
	if len(fit) == 0 || s.present == 0 {
		return false
	}
	c.Use, c.Layout, c.Note = Date, fit[0], "date, such as "+shown(firstPresent(values))
	if slices.ContainsFunc(fit, monthFirst) && slices.ContainsFunc(fit, dayFirst) {
		c.note("read as month/day/year, though day/month/year would fit too")
	}
	return true
}

func firstPresent(values []string) string {
	for _, v := range values {
		if !isMissing(v) {
			return v
		}
	}
	return ""
}

func (c *Column) asCategory(values []string, s *seen) {
	levels := make(map[string]int)
	for v, n := range s.levels {
		levels[folded(v)] += n
	}
	spellings := len(s.levels) - len(levels)
	c.Distinct = len(levels)
	if len(levels) > oneHotLevels && float64(s.present) < rowsOfLevel*float64(len(levels)) {
		c.Use, c.Note = Out, fmt.Sprintf("id-like: %d different values in %d rows", len(levels), len(values))
		return
	}
	c.Use = Category
	if len(levels) > oneHotLevels {
		c.Use = Embedding
	}
	switch {
	case len(levels) == 1:
		c.note("one level, or missing")
	default:
		c.note(fmt.Sprintf("%d levels", len(levels)))
	}
	if spellings > 0 {
		c.note(fmt.Sprintf("%d further spellings that differ in case or spaces", spellings))
		if spellings == 1 {
			c.Note = strings.Replace(c.Note, "1 further spellings that differ", "1 further spelling that differs", 1)
		}
	}
}
