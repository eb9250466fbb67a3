package tabular

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gopkg.in/yaml.v3"

	"github.com/gorgonia-dropout/dropout/internal/configfile"
)

// A Task is what is to be predicted.
type Task string

// The tasks. Classes exclude each other, labels do not.
const (
	Classes Task = "classes"
	Numbers Task = "numbers"
	Labels  Task = "labels"
)

// A Use is what a column is used for, and so how its values are read.
type Use string

// The uses. A category has a number for each level; an embedding is a category with so many
// levels that a network should learn a few numbers for each.
const (
	Number    Use = "number"
	Category  Use = "category"
	Embedding Use = "embedding"
	Boolean   Use = "boolean"
	Date      Use = "date"
	Target    Use = "target"
	Group     Use = "group" // rows of a group belong together
	Order     Use = "order" // rows are in order of time by this column
	Out       Use = "out"   // left out
)

var uses = []Use{Number, Category, Embedding, Boolean, Date, Target, Group, Order, Out}

// A Plan says what each column of a table is used for.
type Plan struct {
	Task    Task     `json:"task" yaml:"task"`
	Columns []Column `json:"columns" yaml:"columns"` // in the order of the table
	// ClassNames are the classes in order, where the task is classes.
	ClassNames []string `json:"class_names,omitempty" yaml:"class_names,omitempty"`
	// Why says how the task was recognized.
	Why string `json:"why,omitempty" yaml:"why,omitempty"`
}

// A Column is a column of a plan.
type Column struct {
	Name string `json:"name" yaml:"name"`
	Use  Use    `json:"use" yaml:"use"`
	// Layout is that of dates, in the form of package time.
	Layout string `json:"layout,omitempty" yaml:"layout,omitempty"`
	// DecimalComma says that numbers have a comma in place of the point.
	DecimalComma bool `json:"decimal_comma,omitempty" yaml:"decimal_comma,omitempty"`
	// Thousands says that numbers have commas between thousands.
	Thousands bool `json:"thousands,omitempty" yaml:"thousands,omitempty"`
	// Distinct and Missing count the values that differ and those that are missing.
	Distinct int `json:"distinct,omitempty" yaml:"distinct,omitempty"`
	Missing  int `json:"missing,omitempty" yaml:"missing,omitempty"`
	// Note says what was found and why the column is used so.
	Note string `json:"note,omitempty" yaml:"note,omitempty"`
}

// number parses a number as the column has them.
func (c *Column) number(value string) (float64, bool) {
	if c.Thousands && thousands(value) {
		value = strings.ReplaceAll(value, ",", "")
	}
	return number(value, c.DecimalComma)
}

// reads reports whether the column is something to learn from.
func (c Column) reads() bool {
	return c.Use != Target && c.Use != Group && c.Use != Out && c.Use != Order
}

// Targets returns the names of the columns to predict.
func (p *Plan) Targets() []string {
	var names []string
	for _, c := range p.Columns {
		if c.Use == Target {
			names = append(names, c.Name)
		}
	}
	return names
}

// Features returns the columns to learn from.
func (p *Plan) Features() []Column {
	var columns []Column
	for _, c := range p.Columns {
		if c.reads() {
			columns = append(columns, c)
		}
	}
	return columns
}

// One returns the name of the only column of a use, "" if there is none.
func (p *Plan) One(u Use) string {
	for _, c := range p.Columns {
		if c.Use == u {
			return c.Name
		}
	}
	return ""
}

// Check returns an error unless the plan is complete and fits the table.
func (p *Plan) Check(t *Table) error {
	seen := make(map[string]bool)
	count := make(map[Use]int)
	for _, c := range p.Columns {
		if !slices.Contains(uses, c.Use) {
			return errors.Errorf("tabular: plan: column %s: use must be one of %v, got %s", quoted(c.Name), uses, quoted(string(c.Use)))
		}
		if seen[c.Name] {
			return errors.Errorf("tabular: plan: columns must differ, got %s twice", quoted(c.Name))
		}
		seen[c.Name] = true
		count[c.Use]++
		if c.Use == Date && c.Layout == "" {
			return errors.Errorf("tabular: plan: column %s: a date must have a layout, such as %q, got none", quoted(c.Name), layouts[0])
		}
		if !slices.Contains(t.Names, c.Name) {
			return errors.Errorf("tabular: plan: column %s must be in the table, which has %s", quoted(c.Name), listed(t.Names))
		}
	}
	for _, u := range []Use{Group, Order} {
		if count[u] > 1 {
			return errors.Errorf("tabular: plan: at most one column must have the use %s, got %d", u, count[u])
		}
	}
	if len(p.Features()) == 0 {
		return errors.New("tabular: plan: must have a column to learn from, got none")
	}
	return p.checkTask(count[Target])
}

func (p *Plan) checkTask(targets int) error {
	switch p.Task {
	case Classes:
		if targets != 1 {
			return errors.Errorf("tabular: plan: classes must be in one target column, got %d", targets)
		}
		if len(p.ClassNames) < 2 {
			return errors.Errorf("tabular: plan: must have at least 2 classes, got %s", listed(p.ClassNames))
		}
	case Numbers, Labels:
		if targets == 0 {
			return errors.Errorf("tabular: plan: %s must have a target column, got none", p.Task)
		}
	default:
		return errors.Errorf("tabular: plan: task must be %s, %s or %s, got %s", Classes, Numbers, Labels, quoted(string(p.Task)))
	}
	return nil
}

// YAML returns the plan as a file that [ParsePlan] reads.
func (p *Plan) YAML() ([]byte, error) {
	b, err := yaml.Marshal(p)
	return b, errors.Wrap(err, "tabular: plan")
}

// ParsePlan reads a plan from a YAML file called name, strictly.
func ParsePlan(name string, data []byte) (*Plan, error) {
	p := new(Plan)
	if err := configfile.YAML(name, data, p); err != nil {
		return nil, err
	}
	return p, nil
}
