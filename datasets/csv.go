package datasets

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pkg/errors"
	"golang.org/x/text/encoding"

	"github.com/gorgonia-dropout/dropout/datasets/internal/records"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// CSV says how to read a table of comma-separated values (RFC 4180). Label or Targets is
// required.
type CSV struct {
	// Label is the column of the class: any strings, which are compared exactly
	// after spaces around them are removed.
	Label string
	// Targets are the columns of the numbers to predict, for regression, where there is
	// no Label.
	Targets []string
	// Features are the columns to learn from, all numeric; nil means all but
	// Label, Targets, Group and Ignore, in the order of the file.
	Features []string
	Group    string   // column that tells which rows belong together; "" for none
	Ignore   []string // columns to leave out where Features is nil

	// Classes are the names of the classes in order, and any other name is an
	// error: give a second file the classes of the first. nil means those that
	// occur, sorted by number if all are whole numbers, and else
	// alphabetically.
	Classes []string
	// ManyClasses says that the values of Label are classes even if they look
	// like a quantity or like names of the rows; see [CSV.Read].
	ManyClasses bool

	// NoHeader is for files whose first line is data: the columns are then called
	// "1", "2" and so on.
	NoHeader bool
	Comma    rune // between the columns; 0 means ','
	// Encoding is the character encoding, such as charmap.Windows1252 of
	// golang.org/x/text/encoding/charmap; nil means UTF-8, or UTF-16 if the
	// file begins with its byte order mark.
	Encoding encoding.Encoding
}

// Open reads the table in the file at path, which must be a regular file; see
// [CSV.Read].
func (c CSV) Open(path string) (*Table, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: CSV: Open")
	}
	defer f.Close()
	t, err := c.read(f)
	return t, errors.WithMessagef(err, "datasets: CSV: Open: %q", path)
}

// Read reads a table. These errors name the line and the column: a value is
// missing (empty, ?, -, NA, N/A, NaN, null or None in any case), a feature is
// not a decimal number that is finite as float32, a class is not one of
// Classes, or a line has another number of values than the first. It is also an
// error if two columns have the same name, if a requested column is missing or
// requested twice, or if there are no rows.
//
// A column without a name is called by its number, as in a file without a
// header. Unless it is in Features or Ignore, it must be empty in each row, and
// is left out.
//
// Unless Classes or ManyClasses is set, it is an error if the label does not
// look like a class but like a quantity (more than 20 different numbers, of
// which one is not whole or which have fewer than 5 rows each on average) or
// like a name of the rows (more than 20 different values, each in one row
// only).
//
// Text must be valid in its encoding, without NUL characters, and lines must end in
// LF or CRLF, not in CR alone. The limits are 2^21 bytes for a row, 2^20 columns, 2^16
// classes, 2^24 groups, 2^32 values of features and 2^34 bytes for the file, all as
// UTF-8.
func (c CSV) Read(r io.Reader) (*Table, error) {
	if r == nil {
		return nil, errors.New("datasets: CSV: Read: reader must be set, got nil")
	}
	t, err := c.read(r)
	return t, errors.WithMessage(err, "datasets: CSV: Read")
}

func (c CSV) read(r io.Reader) (*Table, error) {
	in := records.New(r, c.Encoding)
	in.ReuseRecord = true
	if c.Comma != 0 {
		in.Comma = c.Comma
	}
	// The reader would mistake tabs between empty values for spaces before
	// them.
	in.TrimLeadingSpace = !unicode.IsSpace(in.Comma)
	first, err := in.Next()
	if records.AtEnd(err) {
		return nil, errors.New("must be a table, got an empty file")
	}
	if err != nil {
		return nil, err
	}
	b, err := c.builder(first)
	if err != nil {
		return nil, err
	}
	if c.NoHeader {
		if err := b.add(in.Reader, first); err != nil {
			return nil, err
		}
	}
	for {
		record, err := in.Next()
		if records.AtEnd(err) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := b.add(in.Reader, record); err != nil {
			return nil, err
		}
	}
	t := b.table
	if t.Len() == 0 {
		return nil, errors.New("must have at least one row, got none")
	}
	t.Classes, t.GroupNames = b.classes.names, b.groups.names
	if c.Targets != nil {
		return t, nil
	}
	if c.Classes == nil {
		if err := c.checkClasses(t); err != nil {
			return nil, err
		}
		t.Classes = b.classes.sort(t.Y)
	}
	return t, nil
}

// builder returns the builder of the table of a file with this first record.
func (c CSV) builder(first []string) (*builder, error) {
	if len(first) > maxColumns {
		return nil, errors.Errorf("must have at most %d columns, got %d", maxColumns, len(first))
	}
	header, unnamed := make([]string, len(first)), make([]bool, len(first))
	for i := range header {
		// A record's strings share memory with the whole line.
		header[i] = strings.Clone(strings.TrimSpace(first[i]))
		if unnamed[i] = header[i] == "" && !c.NoHeader; unnamed[i] || c.NoHeader {
			header[i] = strconv.Itoa(i + 1)
		}
	}
	columns, err := c.columns(header, unnamed)
	if err != nil {
		return nil, err
	}
	classes, err := newNames(c.Classes, maxClasses)
	if err != nil {
		return nil, err
	}
	groups, err := newNames(nil, maxGroups)
	if err != nil {
		return nil, err
	}
	t := &Table{}
	for _, k := range columns.features {
		t.Columns = append(t.Columns, header[k])
	}
	t.Shape = []int{len(columns.features)}
	if c.Targets != nil {
		t.Targeted, t.TargetShape = slices.Clone(c.Targets), []int{len(c.Targets)}
	}
	return &builder{table: t, names: header, columns: columns, classes: classes, groups: groups}, nil
}

// A builder makes a table from records.
type builder struct {
	table           *Table
	names           []string
	columns         columns
	classes, groups *names
}

func (b *builder) add(in *csv.Reader, record []string) error {
	t := b.table
	if int64(len(t.X)) > maxValues-int64(len(b.columns.features)) {
		return errors.Errorf("table must have at most 2^32 values, got %d in %d rows and one more row", len(t.X), t.Len())
	}
	for _, k := range b.columns.unnamed {
		if value := strings.TrimSpace(record[k]); value != "" {
			return b.at(in, k, errors.Errorf("a column without a name must be empty or in Features or Ignore, by its number, got %s", quoted(value)))
		}
	}
	for _, k := range b.columns.features {
		value, err := number(strings.TrimSpace(record[k]))
		if err != nil {
			return b.at(in, k, err)
		}
		t.X = append(t.X, value)
	}
	for _, k := range b.columns.targets {
		value, err := number(strings.TrimSpace(record[k]))
		if err != nil {
			return b.at(in, k, err)
		}
		t.Targets = append(t.Targets, value)
	}
	if k := b.columns.label; k >= 0 {
		class, err := b.classes.index(strings.TrimSpace(record[k]))
		if err != nil {
			return b.at(in, k, err)
		}
		t.Y = append(t.Y, class)
	}
	if k := b.columns.group; k >= 0 {
		group, err := b.groups.index(strings.TrimSpace(record[k]))
		if err != nil {
			return b.at(in, k, err)
		}
		t.Groups = append(t.Groups, group)
	}
	return nil
}

// at prefixes err with the place of a value in the file.
func (b *builder) at(in *csv.Reader, column int, err error) error {
	line, _ := in.FieldPos(column)
	return errors.WithMessagef(err, "line %d, column %s", line, quoted(b.names[column]))
}
