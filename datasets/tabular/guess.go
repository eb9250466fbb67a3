package tabular

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// Wishes are what is known of a table before it is looked at.
type Wishes struct {
	Targets []string // columns to predict; required
	Task    Task     // "" where it is to be recognized
	Group   string   // column of what belongs together; "" for none
	Order   string   // column of time by which rows are split; "" for none
	// Uses overrides what columns are used for.
	Uses map[string]Use
}

// What is too much or too little to learn from a column.
const (
	oneHotLevels  = 12  // up to which a category has a number for each level
	rowsOfLevel   = 2.0 // on average; fewer and the values are names of rows
	textLength    = 40  // bytes, on average
	shareOfNumber = 0.95
)

// Guess makes a plan for a table. It is an error if there is no target, if a wish names a
// column that is not there, or if nothing is left to learn from.
func Guess(t *Table, w Wishes) (*Plan, error) {
	p, err := guess(t, w)
	return p, errors.WithMessage(err, "tabular: Guess")
}

func guess(t *Table, w Wishes) (*Plan, error) {
	wished, err := w.uses(t)
	if err != nil {
		return nil, err
	}
	p := &Plan{Task: w.Task}
	same := copies(t)
	ofTarget := make(map[int]bool)
	for i, u := range wished {
		if u == Target {
			ofTarget[same[i]] = true
		}
	}
	var targets []int
	for i, name := range t.Names {
		c := look(name, t.Values[i])
		first := same[i]
		switch u, ok := wished[i]; {
		case ok && u == Target:
			targets = append(targets, i)
			c.Use, c.Note = Target, ""
		case ok:
			if err := c.become(u, t.Values[i]); err != nil {
				return nil, err
			}
		case ofTarget[first]:
			c.Use, c.Note = Out, "the same as the target in each row"
		case first != i && c.Use != Out:
			c.Use, c.Note = Out, "the same as column "+quoted(t.Names[first])+" in each row"
		}
		p.Columns = append(p.Columns, c)
	}
	if err := p.guessTask(t, targets); err != nil {
		return nil, err
	}
	if len(p.Features()) == 0 {
		return nil, errors.Errorf("a column must be left to learn from, got none: %s", p.reasons())
	}
	return p, nil
}

// uses returns what is wished of columns, by their places.
func (w Wishes) uses(t *Table) (map[int]Use, error) {
	if len(w.Targets) == 0 {
		return nil, errors.New("must have a target, got none")
	}
	uses := make(map[int]Use)
	set := func(what, name string, u Use) error {
		i, err := t.Column(name)
		if err != nil {
			return errors.WithMessage(err, what)
		}
		if old, ok := uses[i]; ok {
			return errors.Errorf("%s: column %s must have one use, got %s and %s", what, quoted(t.Names[i]), old, u)
		}
		uses[i] = u
		return nil
	}
	for _, name := range w.Targets {
		if err := set("target", name, Target); err != nil {
			return nil, err
		}
	}
	for _, one := range []struct {
		what, name string
		use        Use
	}{{"group", w.Group, Group}, {"order", w.Order, Order}} {
		if one.name == "" {
			continue
		}
		if err := set(one.what, one.name, one.use); err != nil {
			return nil, err
		}
	}
	for name, u := range w.Uses {
		if err := set("column", name, u); err != nil {
			return nil, err
		}
	}
	return uses, nil
}

// copies returns for each column the first one with the same values.
func copies(t *Table) []int {
	first := make([]int, len(t.Values))
	by := make(map[string][]int)
	for i, values := range t.Values {
		first[i] = i
		// Most columns differ in their first values already.
		key := strings.Join(values[:min(len(values), 8)], "\x00")
		for _, k := range by[key] {
			if slices.Equal(values, t.Values[k]) {
				first[i] = k
				break
			}
		}
		if first[i] == i {
			by[key] = append(by[key], i)
		}
	}
	return first
}

// A look at the values of a column.
type seen struct {
	present, missing    int
	levels              map[string]int // spellings
	numbers, commas     int            // that parse with a point, with a comma
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

// asNumber makes c a column of numbers if nearly all values are.
func (c *Column) asNumber(s *seen) bool {
	n := s.numbers
	if s.commas > s.numbers {
		n, c.DecimalComma = s.commas, true
	}
	if float64(n) < shareOfNumber*float64(s.present) {
		c.DecimalComma = false
		return false
	}
	c.Use = Number
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
	if len(fit) > 1 {
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

func (c *Column) note(s string) {
	if c.Note != "" {
		c.Note += "; "
	}
	c.Note += s
}

// become makes c a column of the use that is wished.
func (c *Column) become(u Use, values []string) error {
	if u == c.Use {
		c.note("as told")
		return nil
	}
	s := inspect(values)
	switch u {
	case Number:
		if s.commas > s.numbers {
			c.DecimalComma = true
		}
		if 2*max(s.numbers, s.commas) < s.present {
			return errors.Errorf("column %s must have numbers, got values such as %s", quoted(c.Name), quoted(s.odd))
		}
	case Boolean:
		for v := range s.levels {
			if _, ok := boolean(v); !ok {
				return errors.Errorf("column %s must have only words such as yes and no, got %s", quoted(c.Name), quoted(v))
			}
		}
	case Date:
		if !c.asDate(values, s) {
			return errors.Errorf("column %s must have dates of one layout, got values such as %s", quoted(c.Name), quoted(firstPresent(values)))
		}
	case Category, Embedding, Group, Order, Out:
		c.DecimalComma, c.Layout = false, ""
	default:
		return errors.Errorf("column %s: use must be one of %v, got %s", quoted(c.Name), uses, quoted(string(u)))
	}
	c.Use, c.Note = u, "as told"
	return nil
}

// reasons says why columns are left out.
func (p *Plan) reasons() string {
	var all []string
	for _, c := range p.Columns {
		if c.Use == Out {
			all = append(all, quoted(c.Name)+" is "+c.Note)
		}
	}
	if len(all) > maxListed {
		all = append(all[:maxListed], "...")
	}
	return strings.Join(all, ", ")
}

// shown returns a value for a note.
func shown(v string) string {
	if len(v) > 24 {
		v = strings.ToValidUTF8(v[:24], "") + "..."
	}
	return v
}
