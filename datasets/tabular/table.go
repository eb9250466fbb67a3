package tabular

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"github.com/gorgonia-dropout/dropout/datasets/internal/records"
	"github.com/gorgonia-dropout/dropout/internal/configfile"
	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// The limits of a table.
const (
	maxColumns = 1 << 16
	maxCells   = 1 << 26
	maxBytes   = 1 << 31
)

// A Table is a table of text, as it is in its file but for spaces around values.
type Table struct {
	Names  []string // of the columns
	Values [][]string
	// Notes say what was done to make the text a table: a column without a name, names
	// that occur twice.
	Notes []string

	Format Format // as it was found
}

// Format is how a file is written. Zero fields are detected.
type Format struct {
	Comma rune // between the columns
	// Header says whether the first line has the names of the columns: "yes", "no", or ""
	// where it is to be detected.
	Header string
}

// Len returns the number of rows.
func (t *Table) Len() int {
	if len(t.Values) == 0 {
		return 0
	}
	return len(t.Values[0])
}

// Column returns the place of the column with the given name or, where there is none, of
// the only one that differs from it in case alone. The error suggests a name.
func (t *Table) Column(name string) (int, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	if i := slices.Index(t.Names, name); i >= 0 {
		return i, nil
	}
	found := -1
	for i, n := range t.Names {
		if strings.EqualFold(n, name) {
			if found >= 0 {
				found = -1
				break
			}
			found = i
		}
	}
	if found >= 0 {
		return found, nil
	}
	hint := ""
	if near := configfile.Nearest(name, t.Names); near != "" {
		hint = ", did you mean " + quoted(near) + "?"
	}
	return -1, errors.Errorf("must be one of the columns %s, got %s%s", listed(t.Names), quoted(name), hint)
}

// Open reads the table in the file at path, which must be a regular file; see [Read]. Text
// that is not UTF-8 is read as Windows-1252, with a note.
func Open(path string, f Format) (*Table, error) {
	t, err := open(path, f, nil)
	if errors.Is(err, records.ErrNotUTF8) {
		// So write spreadsheets that are older, or set so.
		if t, err = open(path, f, charmap.Windows1252); err == nil {
			t.Notes = append(t.Notes, "The text is not UTF-8; it is read as Windows-1252 (Latin 1).")
		}
	}
	return t, errors.WithMessagef(err, "tabular: Open: %q", path)
}

func open(path string, f Format, e encoding.Encoding) (*Table, error) {
	file, err := datafile.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return read(file, f, e)
}

// Read reads a table of values between commas, semicolons, tabs or bars (RFC 4180), also
// compressed by gzip. Text is UTF-8, or UTF-16 with a byte order mark. The first line is a
// header where its values are not like those below it.
func Read(r io.Reader, f Format) (*Table, error) {
	if r == nil {
		return nil, errors.New("tabular: Read: reader must be set, got nil")
	}
	t, err := read(r, f, nil)
	return t, errors.WithMessage(err, "tabular: Read")
}

func read(r io.Reader, f Format, e encoding.Encoding) (*Table, error) {
	switch f.Header {
	case "", "yes", "no":
	default:
		return nil, errors.Errorf("header must be yes, no or empty, got %s", quoted(f.Header))
	}
	in := bufio.NewReaderSize(r, peeked)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, errors.Wrap(err, "gzip")
		}
		in = bufio.NewReaderSize(z, peeked)
	}
	if err := noTable(in); err != nil {
		return nil, err
	}
	if f.Comma == 0 {
		head, _ := in.Peek(peeked)
		f.Comma = comma(head)
	}
	rows := records.New(in, e)
	rows.Comma, rows.FieldsPerRecord = f.Comma, -1
	b := &builder{format: f}
	for {
		record, err := rows.Next()
		if records.AtEnd(err) {
			break
		}
		if err == nil {
			line, _ := rows.FieldPos(0)
			err = b.add(line, record)
		}
		if err != nil {
			return nil, err
		}
	}
	return b.table()
}

// noTable returns an error for files of other formats that have tables.
func noTable(in *bufio.Reader) error {
	magic, _ := in.Peek(4)
	switch string(magic) {
	case "PAR1":
		return errors.New("must be text, got a Parquet file: convert it, such as by duckdb -c \"COPY 'FILE.parquet' TO 'FILE.csv'\"")
	case "PK\x03\x04":
		return errors.New("must be text, got a ZIP archive, as spreadsheets are: save it as CSV")
	}
	return nil
}

// A builder collects records.
type builder struct {
	format Format
	first  []string   // the first record
	values [][]string // of the other records, by column
	cells  int
	bytes  int
}

func (b *builder) add(line int, record []string) error {
	for i, v := range record {
		record[i] = strings.TrimSpace(v)
		b.bytes += len(v)
	}
	b.cells += len(record)
	switch {
	case len(record) > maxColumns:
		return errors.Errorf("must have at most %d columns, got %d", maxColumns, len(record))
	case b.cells > maxCells:
		return errors.Errorf("must have at most %d values, got more", maxCells)
	case b.bytes > maxBytes:
		return errors.Errorf("must have at most %d bytes of text, got more", maxBytes)
	case b.first == nil:
		b.first = record
		return nil
	case b.values == nil:
		b.values = make([][]string, len(record))
		if len(record) != len(b.first) && !countsOfScikit(b.first, len(record)) {
			return ragged(line, len(record), len(b.first))
		}
	case len(record) != len(b.values):
		return ragged(line, len(record), len(b.values))
	}
	for i, v := range record {
		b.values[i] = append(b.values[i], v)
	}
	return nil
}

func ragged(line, got, want int) error {
	return errors.Errorf("line %d: must have %d values as the lines before it, got %d", line, want, got)
}

func (b *builder) table() (*Table, error) {
	if b.first == nil {
		return nil, errors.New("must be a table, got an empty file")
	}
	if b.values == nil {
		b.values = make([][]string, len(b.first))
	}
	t := &Table{Values: b.values, Format: b.format}
	switch {
	case len(b.first) != len(b.values):
		t.Notes = append(t.Notes, "The first line has the numbers of rows and columns, as scikit-learn writes it, and no names; it is left out.")
		t.Format.Header = "no"
	case b.format.Header == "no", b.format.Header == "" && !isHeader(b.first, b.values):
		t.Format.Header = "no"
		for i, v := range b.first {
			t.Values[i] = slices.Insert(t.Values[i], 0, v)
		}
	default:
		t.Format.Header = "yes"
		t.Names = b.first
	}
	if t.Len() == 0 {
		return nil, errors.New("must have at least one row, got none")
	}
	t.name()
	return t, nil
}

// name gives every column a name of its own.
func (t *Table) name() {
	if t.Names == nil {
		t.Names = make([]string, len(t.Values))
		t.Notes = append(t.Notes, "The file has no header: columns are called by their numbers, from 1.")
		for i := range t.Names {
			t.Names[i] = strconv.Itoa(i + 1)
		}
		return
	}
	seen := make(map[string]bool)
	for i, name := range t.Names {
		// Names share memory with their line, and letters may be composed or not.
		name = strings.Clone(norm.NFC.String(name))
		if name == "" {
			name = "column " + strconv.Itoa(i+1)
			t.Notes = append(t.Notes, "A column without a name is called "+quoted(name)+".")
		}
		if plain := name; seen[name] {
			for n := 2; seen[name]; n++ {
				name = plain + " (" + strconv.Itoa(n) + ")"
			}
			t.Notes = append(t.Notes, "Another column "+quoted(plain)+" is called "+quoted(name)+".")
		}
		seen[name] = true
		t.Names[i] = name
	}
}

// countsOfScikit reports whether a first record is that of the files in scikit-learn:
// rows, features, and the names of the classes.
func countsOfScikit(first []string, columns int) bool {
	if len(first) < 2 {
		return false
	}
	_, err := strconv.Atoi(first[0])
	features, err2 := strconv.Atoi(first[1])
	return err == nil && err2 == nil && features == columns-1
}
