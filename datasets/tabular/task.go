package tabular

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

const (
	maxClasses = 1 << 12
	// fewClasses is the number of different whole numbers from 0 or 1 on that are taken
	// for classes.
	fewClasses = 10
	// rareSpelling is how many times the commoner of two spellings of a class occurs for
	// each time of the other.
	rareSpelling = 10
)

// guessTask recognizes what is to be predicted and notes it at the targets.
func (p *Plan) guessTask(t *Table, targets []int) error {
	if p.Task == "" {
		p.recognize(t, targets)
	} else {
		p.Why = "as told"
	}
	switch p.Task {
	case Classes:
		if len(targets) != 1 {
			return errors.Errorf("target: classes must be in one column, got %d", len(targets))
		}
		return p.classes(t, targets[0])
	case Numbers:
		for _, i := range targets {
			if err := p.numbers(t, i); err != nil {
				return err
			}
		}
	case Labels:
		for _, i := range targets {
			c := &p.Columns[i]
			if err := c.become(Boolean, t.Values[i]); err != nil {
				return errors.WithMessage(err, "target")
			}
			c.Use, c.Note = Target, "yes or no"
			c.missingTargets()
		}
	default:
		return errors.Errorf("task must be %s, %s or %s, got %s", Classes, Numbers, Labels, quoted(string(p.Task)))
	}
	return nil
}

func (p *Plan) recognize(t *Table, targets []int) {
	numbers, booleans := true, true
	for _, i := range targets {
		s := inspect(t.Values[i])
		c := Column{}
		booleans = booleans && c.asBoolean(s)
		numbers = numbers && (c.Use == Boolean || s.present > 0 && c.asNumber(s))
	}
	first := inspect(t.Values[targets[0]])
	switch {
	case len(targets) > 1 && booleans:
		p.Task, p.Why = Labels, "each target is yes or no"
	case len(targets) > 1 && numbers:
		p.Task, p.Why = Numbers, "the targets are numbers"
	case len(targets) > 1:
		p.Task, p.Why = Labels, "there are several targets"
	case !numbers:
		p.Task, p.Why = Classes, "the target has names"
	case len(first.levels) == 2:
		p.Task, p.Why = Classes, "the target has two values"
	case first.fractions == 0 && consecutive(first.levels):
		p.Task, p.Why = Classes, fmt.Sprintf("the target has the numbers %s", span(first.levels))
	default:
		p.Task, p.Why = Numbers, "the target has "+strconv.Itoa(len(first.levels))+" different numbers"
	}
}

// consecutive reports whether few whole numbers count from 0 or 1 without a gap.
func consecutive(levels map[string]int) bool {
	low, high := rangeOf(levels)
	return len(levels) <= fewClasses && (low == 0 || low == 1) && high-low == float64(len(levels)-1)
}

func rangeOf(levels map[string]int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for v := range levels {
		if x, ok := anyNumber(v); ok {
			low, high = min(low, x), max(high, x)
		}
	}
	return low, high
}

func span(levels map[string]int) string {
	low, high := rangeOf(levels)
	return fmt.Sprintf("%g to %g", low, high)
}

func (p *Plan) numbers(t *Table, i int) error {
	c := &p.Columns[i]
	s := inspect(t.Values[i])
	switch {
	case s.thousands():
		c.Thousands = true
	case s.commas > s.numbers:
		c.DecimalComma = true
	}
	if float64(max(s.numbers+s.grouped, s.commas)) < shareOfNumber*float64(s.present) || s.present == 0 {
		return errors.Errorf("target: column %s must have numbers, got values such as %s", quoted(c.Name), quoted(s.odd))
	}
	low, high := math.Inf(1), math.Inf(-1)
	missing := 0
	for _, v := range t.Values[i] {
		if x, ok := c.number(v); ok {
			low, high = min(low, x), max(high, x)
		} else {
			missing++
		}
	}
	if low == high {
		return errors.Errorf("target: column %s must have different numbers, got %g in each row", quoted(c.Name), low)
	}
	c.Missing = missing
	c.Note = fmt.Sprintf("%g to %g", low, high)
	c.missingTargets()
	return nil
}

func (c *Column) missingTargets() {
	if c.Missing > 0 {
		c.note(fmt.Sprintf("%d %s without one left out", c.Missing, plural(c.Missing, "row", "rows")))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// classes finds the names of the classes in order: of numbers by size, of others by name. A
// rare spelling that differs in case from a common one is the same class.
func (p *Plan) classes(t *Table, i int) error {
	c := &p.Columns[i]
	s := inspect(t.Values[i])
	c.Missing = s.missing
	of := spellings(s.levels)
	p.ClassNames = nil
	for v := range s.levels {
		if of[v] == v {
			p.ClassNames = append(p.ClassNames, v)
		}
	}
	merged := len(s.levels) - len(p.ClassNames)
	if len(p.ClassNames) < 2 {
		return errors.Errorf("target: column %s must have at least 2 classes, got %s", quoted(c.Name), listed(p.ClassNames))
	}
	if len(p.ClassNames) > maxClasses {
		return errors.Errorf("target: column %s must have at most %d classes, got %d", quoted(c.Name), maxClasses, len(p.ClassNames))
	}
	if len(p.ClassNames) > 20 && 2*len(p.ClassNames) > s.present {
		return errors.Errorf("target: column %s must have classes, got %d different values in %d rows, as of a name", quoted(c.Name), len(p.ClassNames), s.present)
	}
	sortClasses(p.ClassNames)
	c.Distinct = len(p.ClassNames)
	c.Note = fmt.Sprintf("%d classes", len(p.ClassNames))
	if merged > 0 {
		c.note(fmt.Sprintf("%d rare %s that %s in case", merged, plural(merged, "spelling", "spellings"), plural(merged, "differs", "differ")))
	}
	c.missingTargets()
	return nil
}

func sortClasses(names []string) {
	slices.SortFunc(names, func(a, b string) int {
		x, ok := anyNumber(a)
		y, ok2 := anyNumber(b)
		switch {
		case ok && ok2 && x < y:
			return -1
		case ok && ok2 && x > y:
			return 1
		}
		return strings.Compare(a, b)
	})
}

// spellings returns the class of each spelling: itself, or the commonest of those that
// differ from it in case or spaces, where it is rare beside that.
func spellings(levels map[string]int) map[string]string {
	commonest := make(map[string]string)
	for v, n := range levels {
		key := folded(v)
		other, ok := commonest[key]
		if !ok || n > levels[other] || n == levels[other] && v < other {
			commonest[key] = v
		}
	}
	of := make(map[string]string)
	for v, n := range levels {
		of[v] = v
		if common := commonest[folded(v)]; levels[common] >= rareSpelling*n {
			of[v] = common
		}
	}
	return of
}
