package datasets

import (
	"slices"

	"github.com/pkg/errors"
)

// maxColumns bounds the columns of a table.
const maxColumns = 1 << 20

// columns are the positions in a record of what is read.
type columns struct {
	features     []int
	targets      []int
	label, group int   // -1 for none
	unnamed      []int // columns that must be empty
}

// columns finds the requested columns among those of a file. Columns without a
// name have their numbers as names.
func (c CSV) columns(names []string, unnamed []bool) (columns, error) {
	at := make(map[string]int)
	for i, name := range names {
		if first, ok := at[name]; ok {
			return columns{}, errors.Errorf("columns must have different names, got %s for columns %d and %d", quoted(name), first+1, i+1)
		}
		at[name] = i
	}
	find := func(what string, wanted ...string) (places []int, err error) {
		seen := make(map[string]bool)
		for _, name := range wanted {
			i, ok := at[name]
			if !ok {
				return nil, errors.Errorf("%s: must be one of the columns %s, got %s", what, listed(names), quoted(name))
			}
			if seen[name] {
				return nil, errors.Errorf("%s: columns must differ, got %s twice", what, quoted(name))
			}
			seen[name] = true
			places = append(places, i)
		}
		return places, nil
	}
	p := columns{label: -1, group: -1}
	out := make(map[int]bool)
	if c.Targets != nil {
		if c.Label != "" || c.Classes != nil || c.ManyClasses {
			return p, errors.Errorf("Targets: a table must have numbers to predict or classes, got %s and a Label, Classes or ManyClasses too", listed(c.Targets))
		}
		if len(c.Targets) == 0 {
			return p, errors.New("Targets: must have a column, got none")
		}
		targets, err := find("Targets", c.Targets...)
		if err != nil {
			return p, err
		}
		p.targets = targets
		for _, i := range targets {
			out[i] = true
		}
	} else {
		label, err := find("Label", c.Label)
		if err != nil {
			return p, err
		}
		p.label = label[0]
		out[p.label] = true
	}
	if c.Group != "" {
		group, err := find("Group", c.Group)
		if err != nil {
			return p, err
		}
		p.group = group[0]
		out[p.group] = true
	}
	ignored, err := find("Ignore", c.Ignore...)
	if err != nil {
		return p, err
	}
	for _, i := range ignored {
		out[i] = true
	}
	if p.features, err = find("Features", c.Features...); err != nil {
		return p, err
	}
	for _, i := range p.features {
		if i == p.label {
			return p, errors.Errorf("Features: must not have the label %s", quoted(c.Label))
		}
		if slices.Contains(p.targets, i) {
			return p, errors.Errorf("Features: must not have the target %s", quoted(names[i]))
		}
	}
	for i := range names {
		switch {
		case c.Features != nil || out[i]:
		case unnamed[i]:
			p.unnamed = append(p.unnamed, i)
		default:
			p.features = append(p.features, i)
		}
	}
	if len(p.features) == 0 {
		return p, errors.Errorf("must have at least one feature among the columns %s, got none", listed(names))
	}
	return p, nil
}
