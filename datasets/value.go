package datasets

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// missing are the ways in which files mark missing values.
var missing = []string{"", "?", "-", "NA", "N/A", "NaN", "null", "None"}

func isMissing(value string) bool {
	return slices.ContainsFunc(missing, func(m string) bool { return strings.EqualFold(m, value) })
}

// number parses a decimal number.
func number(value string) (float32, error) {
	if isMissing(value) {
		return 0, errors.Errorf("value is missing: must be a number, got %q", value)
	}
	x, err := strconv.ParseFloat(value, 32)
	// Go's numbers may be hexadecimal and have underscores; in a table such
	// values are names.
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || strings.ContainsAny(value, "xX_") {
		return 0, errors.Errorf("must be a finite number, got %s", quoted(value))
	}
	return float32(x), nil
}

// Fewer labels than these are always taken for classes.
const (
	fewClasses  = 20
	rowsOfClass = 5 // on average, of numbers
)

// checkClasses returns an error if the labels of t do not look like classes.
func (c CSV) checkClasses(t *Table) error {
	classes, rows := len(t.Classes), len(t.Y)
	if c.ManyClasses || classes <= fewClasses {
		return nil
	}
	numbers, fraction := true, ""
	for _, name := range t.Classes {
		x, err := strconv.ParseFloat(name, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			numbers = false
			break
		}
		if _, ok := parseWhole(name); !ok && x != math.Trunc(x) {
			fraction = name
		}
	}
	switch {
	case numbers && fraction != "":
		return errors.Errorf("Label: column %s must have classes, got %d different numbers such as %s, as of a quantity: set ManyClasses if each is a class",
			quoted(c.Label), classes, quoted(fraction))
	case numbers && rows/rowsOfClass < classes:
		return errors.Errorf("Label: column %s must have classes, got %d different numbers in %d rows, as of a quantity: set ManyClasses if each is a class",
			quoted(c.Label), classes, rows)
	case classes == rows:
		return errors.Errorf("Label: column %s must have classes, got another value in each of %d rows, as of a name: set ManyClasses if each is a class",
			quoted(c.Label), rows)
	}
	return nil
}

// Errors shorten longer texts.
const (
	maxQuoted = 80 // bytes of a value
	maxListed = 20 // values
)

// quoted returns s in quotes, or the beginning and the length of a long s.
func quoted(s string) string {
	if len(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%s... (%d bytes)", strconv.Quote(strings.ToValidUTF8(s[:maxQuoted], "")), len(s))
}

// listed returns names in quotes, or the first and the number of many.
func listed(names []string) string {
	shown := make([]string, 0, maxListed)
	for _, name := range names[:min(len(names), maxListed)] {
		shown = append(shown, quoted(name))
	}
	if len(names) > maxListed {
		shown = append(shown, fmt.Sprintf("... (%d in all)", len(names)))
	}
	return "[" + strings.Join(shown, " ") + "]"
}
