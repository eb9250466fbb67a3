package datasets

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pkg/errors"
)

// CSV says how to read a table of comma-separated values (RFC 4180). Label is
// required.
type CSV struct {
	// Label is the column of the class: any strings, which are compared exactly
	// after spaces around them have been removed.
	Label string
	// Features are the columns that are learned from, all of numbers; nil stands
	// for all but Label, Group and Ignore, in the order of the file.
	Features []string
	Group    string   // column that tells which rows belong together; "" for none
	Ignore   []string // columns to leave out where Features is nil

	// Classes are the names of the classes in order, and any other is an error:
	// give a second file those of the first. nil stands for those that occur, by
	// number if all are whole numbers, else alphabetically.
	Classes []string

	// NoHeader is for files whose first line is data: the columns are then called
	// "1", "2" and so on.
	NoHeader bool
	Comma    rune // between the columns; 0 means ','
}

// missing are the ways in which files say that they have no value.
var missing = []string{"", "?", "-", "NA", "N/A", "NaN", "null", "None"}

func isMissing(value string) bool {
	return slices.ContainsFunc(missing, func(m string) bool { return strings.EqualFold(m, value) })
}

// Open reads the file at path; see Read.
func (c CSV) Open(path string) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Wrap(err, "datasets: CSV: Open")
	}
	defer f.Close()
	t, err := c.read(f)
	return t, errors.WithMessagef(err, "datasets: CSV: Open: %s", path)
}

// Read reads a table. It is an error that names the line and the column if a
// value is missing (empty, ?, -, NA, N/A, NaN, null or None in any case), if a
// feature is not a finite number of float32 or a class not one of Classes, and if
// a line has another number of values than the first. It is an error as well if
// two columns have one name, if a column that was asked for is not there, or if
// there are no rows.
func (c CSV) Read(r io.Reader) (*Table, error) {
	t, err := c.read(r)
	return t, errors.WithMessage(err, "datasets: CSV: Read")
}

func (c CSV) read(r io.Reader) (*Table, error) {
	in := csv.NewReader(withoutMark(r))
	in.ReuseRecord = true
	if c.Comma != 0 {
		in.Comma = c.Comma
	}
	// The reader would take tabs between empty values for spaces before them.
	in.TrimLeadingSpace = !unicode.IsSpace(in.Comma)
	first, err := in.Read()
	if err == io.EOF {
		return nil, errors.New("want a table, got an empty file")
	}
	if err != nil {
		return nil, errors.WithStack(err)
	}
	header := make([]string, len(first))
	for i := range header {
		if header[i] = strings.TrimSpace(first[i]); c.NoHeader {
			header[i] = strconv.Itoa(i + 1)
		}
	}
	columns, err := c.columns(header)
	if err != nil {
		return nil, err
	}
	classes, err := newNames(c.Classes)
	if err != nil {
		return nil, err
	}
	t := &Table{}
	for _, k := range columns.features {
		t.Columns = append(t.Columns, header[k])
	}
	t.Shape = []int{len(columns.features)}
	b := &builder{table: t, names: header, columns: columns, classes: classes, groups: &names{of: make(map[string]int)}}
	if c.NoHeader {
		if err := b.add(in, first); err != nil {
			return nil, err
		}
	}
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.WithStack(err)
		}
		if err := b.add(in, record); err != nil {
			return nil, err
		}
	}
	if len(t.Y) == 0 {
		return nil, errors.New("want at least one row, got none")
	}
	t.Classes, t.GroupNames = b.classes.names, b.groups.names
	if c.Classes == nil {
		t.Classes = b.classes.sort(t.Y)
	}
	return t, nil
}

// withoutMark leaves out the byte order mark that some programs begin a file with.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	mark := []byte("\ufeff")
	// What cannot be peeked at will not be read either.
	if head, _ := b.Peek(len(mark)); bytes.Equal(head, mark) {
		_, _ = b.Discard(len(mark))
	}
	return b
}

// columns are the places of what is read in a record.
type columns struct {
	features     []int
	label, group int // group is -1 for none
}

func (c CSV) columns(names []string) (columns, error) {
	at := make(map[string]int)
	for i, name := range names {
		if first, ok := at[name]; ok {
			return columns{}, errors.Errorf("columns must have different names, got %q for columns %d and %d", name, first+1, i+1)
		}
		at[name] = i
	}
	find := func(what, name string) (int, error) {
		i, ok := at[name]
		if !ok {
			return 0, errors.Errorf("%s: want one of the columns %q, got %q", what, names, name)
		}
		return i, nil
	}
	p := columns{group: -1}
	var err error
	if p.label, err = find("Label", c.Label); err != nil {
		return p, err
	}
	if c.Group != "" {
		if p.group, err = find("Group", c.Group); err != nil {
			return p, err
		}
	}
	out := map[int]bool{p.label: true, p.group: true}
	for _, name := range c.Ignore {
		i, err := find("Ignore", name)
		if err != nil {
			return p, err
		}
		out[i] = true
	}
	if c.Features == nil {
		for i := range names {
			if !out[i] {
				p.features = append(p.features, i)
			}
		}
	}
	for _, name := range c.Features {
		i, err := find("Features", name)
		if err != nil {
			return p, err
		}
		if i == p.label {
			return p, errors.Errorf("Features: must not have the label %q", name)
		}
		p.features = append(p.features, i)
	}
	if len(p.features) == 0 {
		return p, errors.Errorf("want at least one feature among the columns %q, got none", names)
	}
	return p, nil
}

// A builder makes a table of records.
type builder struct {
	table           *Table
	names           []string
	columns         columns
	classes, groups *names
}

func (b *builder) add(in *csv.Reader, record []string) error {
	t := b.table
	for _, k := range b.columns.features {
		value, err := number(strings.TrimSpace(record[k]))
		if err != nil {
			return b.at(in, k, err)
		}
		t.X = append(t.X, value)
	}
	class, err := b.classes.index(strings.TrimSpace(record[b.columns.label]))
	if err != nil {
		return b.at(in, b.columns.label, err)
	}
	t.Y = append(t.Y, class)
	if k := b.columns.group; k >= 0 {
		group, err := b.groups.index(strings.TrimSpace(record[k]))
		if err != nil {
			return b.at(in, k, err)
		}
		t.Groups = append(t.Groups, group)
	}
	return nil
}

// at puts the place of a value in the file before err.
func (b *builder) at(in *csv.Reader, column int, err error) error {
	line, _ := in.FieldPos(column)
	return errors.WithMessagef(err, "line %d, column %q", line, b.names[column])
}

func number(value string) (float32, error) {
	if isMissing(value) {
		return 0, errors.Errorf("value is missing: want a number, got %q", value)
	}
	x, err := strconv.ParseFloat(value, 32)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, errors.Errorf("want a finite number, got %q", value)
	}
	return float32(x), nil
}

// names numbers strings in the order of their first occurrence.
type names struct {
	names  []string
	of     map[string]int
	closed bool // no others may come
}

// newNames returns those of known, and no others may come, or none yet if that is nil.
func newNames(known []string) (*names, error) {
	n := &names{names: slices.Clone(known), of: make(map[string]int), closed: known != nil}
	for i, name := range known {
		if first, ok := n.of[name]; ok {
			return nil, errors.Errorf("Classes must differ, got %q for %d and %d", name, first, i)
		}
		n.of[name] = i
	}
	return n, nil
}

func (n *names) index(name string) (int, error) {
	if i, ok := n.of[name]; ok {
		return i, nil
	}
	if isMissing(name) {
		return 0, errors.Errorf("value is missing: want a name, got %q", name)
	}
	if n.closed {
		return 0, errors.Errorf("want one of %q, got %q", n.names, name)
	}
	i := len(n.names)
	// A record's strings share memory with the whole line.
	name = strings.Clone(name)
	n.names = append(n.names, name)
	n.of[name] = i
	return i, nil
}

// sort returns the names in order and renumbers ids accordingly.
func (n *names) sort(ids []int) []string {
	whole := make(map[string]int)
	for _, name := range n.names {
		if v, err := strconv.Atoi(name); err == nil {
			whole[name] = v
		}
	}
	sorted := slices.Clone(n.names)
	slices.SortStableFunc(sorted, func(a, b string) int {
		if len(whole) == len(sorted) && whole[a] != whole[b] {
			return whole[a] - whole[b]
		}
		return strings.Compare(a, b)
	})
	to := make([]int, len(sorted))
	for i, name := range sorted {
		to[n.of[name]] = i
	}
	for i, id := range ids {
		ids[i] = to[id]
	}
	return sorted
}
