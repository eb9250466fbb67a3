package tabular

import (
	"slices"
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
		switch {
		case s.thousands():
			c.Thousands = true
		case s.commas > s.numbers:
			c.DecimalComma = true
		}
		if 2*max(s.numbers+s.grouped, s.commas) < s.present {
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
		c.DecimalComma, c.Thousands, c.Layout = false, false, ""
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
