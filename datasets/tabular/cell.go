package tabular

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// missing are the ways in which files mark missing values, in lower case.
var missing = []string{"", "?", "-", "--", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "n.a."}

func isMissing(value string) bool {
	return len(value) <= 4 && slices.Contains(missing, strings.ToLower(value))
}

// number parses a decimal number that is finite as float32, with a comma in place of the
// point if it has to be.
func number(value string, decimalComma bool) (float64, bool) {
	if value == "" {
		return 0, false
	}
	// Go's numbers may be hexadecimal, have underscores, or be inf: here these are names.
	if c := value[len(value)-1]; (c < '0' || c > '9') && c != '.' && c != ',' || strings.ContainsAny(value, "xX_pP") {
		return 0, false
	}
	if decimalComma {
		if strings.Contains(value, ".") {
			return 0, false
		}
		value = strings.Replace(value, ",", ".", 1)
	}
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || math.Abs(x) > math.MaxFloat32 {
		return 0, false
	}
	return x, true
}

// thousands reports whether a number has commas between thousands: no decimal comma has
// three digits behind each and, before the first, one to three of which the first is not 0.
func thousands(value string) bool {
	value, fraction, _ := strings.Cut(strings.TrimLeft(value, "+-"), ".")
	groups := strings.Split(value, ",")
	if len(groups) < 2 || len(groups[0]) < 1 || len(groups[0]) > 3 || groups[0][0] == '0' || strings.Contains(fraction, ",") {
		return false
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || strings.Trim(g, "0123456789") != "" {
			return false
		}
	}
	return true
}

// anyNumber parses a number with a point or a comma.
func anyNumber(value string) (float64, bool) {
	if x, ok := number(value, false); ok {
		return x, true
	}
	return number(value, true)
}

// booleans are pairs of words for no and yes, in lower case.
var booleans = [][2]string{{"false", "true"}, {"no", "yes"}, {"n", "y"}, {"f", "t"}, {"off", "on"}, {"0", "1"}}

// boolean parses one of the words for no and yes.
func boolean(value string) (yes, ok bool) {
	value = strings.ToLower(value)
	for _, pair := range booleans {
		if value == pair[0] || value == pair[1] {
			return value == pair[1], true
		}
	}
	return false, false
}

// layouts are the dates that are understood. Of two that fit all values of a column the
// first is taken.
var layouts = []string{
	"2006-01-02", "2006-01-02 15:04:05", "2006-01-02 15:04", time.RFC3339Nano, "2006-01-02T15:04:05",
	"2006/01/02", "2006/01/02 15:04:05", "02.01.2006", "02.01.2006 15:04:05", "02.01.2006 15:04",
	"01/02/2006", "02/01/2006", "01/02/2006 15:04:05", "02/01/2006 15:04:05", "01/02/2006 15:04", "02/01/2006 15:04",
	"2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006", "2006-01",
	"2006-1-2", "2006/1/2", "2.1.2006", "1/2/2006", "2/1/2006", "1/2/2006 15:04", "2/1/2006 15:04", "1/2/06", "2/1/06", "2.1.06",
}

// monthFirst reports whether a layout begins with the month, and dayFirst with the day,
// before slashes.
func monthFirst(layout string) bool {
	return strings.HasPrefix(layout, "01/") || strings.HasPrefix(layout, "1/")
}

func dayFirst(layout string) bool {
	return strings.HasPrefix(layout, "02/") || strings.HasPrefix(layout, "2/")
}

// date parses a date as days since 1970.
func date(value, layout string) (days float64, ok bool) {
	at, err := time.Parse(layout, value)
	if err != nil {
		return 0, false
	}
	return float64(at.Unix()) / (24 * 60 * 60), true
}

// folded returns a level of a category in the form in which spellings are compared: with
// neither case nor repeated spaces.
func folded(value string) string {
	plain := true
	for i := range len(value) {
		if c := value[i]; c >= 0x80 || c >= 'A' && c <= 'Z' || c == ' ' || c == '\t' {
			plain = false
			break
		}
	}
	if plain {
		return value
	}
	return cases.Fold().String(norm.NFKC.String(strings.Join(strings.Fields(value), " ")))
}

// Errors shorten longer texts.
const (
	maxQuoted = 60 // bytes of a value
	maxListed = 12 // values
)

// quoted returns s in quotes, or the beginning of a long s.
func quoted(s string) string {
	if len(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s[:maxQuoted], "")) + "..."
}

// listed returns names in quotes, or the first and the number of many.
func listed(names []string) string {
	var shown []string
	for _, name := range names[:min(len(names), maxListed)] {
		shown = append(shown, quoted(name))
	}
	if len(names) > maxListed {
		shown = append(shown, fmt.Sprintf("... (%d in all)", len(names)))
	}
	return "[" + strings.Join(shown, " ") + "]"
}
