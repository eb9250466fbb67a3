package datasets_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/gorgonia-dropout/dropout/datasets"
)

// utf16Of encodes text with a byte order mark.
func utf16Of(order binary.AppendByteOrder, text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestCSVEncodings(t *testing.T) {
	const text = "größe,art\n1,žluťoučký 🐎\n2,kůň\n"
	const western = "größe,art\n1,café\n2,thé\n"
	latin, err := charmap.ISO8859_1.NewEncoder().String(western)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data     []byte
		encoding encoding.Encoding
		classes  []string
	}{
		"UTF-8":                      {[]byte(text), nil, []string{"kůň", "žluťoučký 🐎"}},
		"UTF-8 with a mark":          {[]byte("\ufeff" + text), charmap.ISO8859_1, []string{"kůň", "žluťoučký 🐎"}},
		"UTF-16, little-endian":      {utf16Of(binary.LittleEndian, text), nil, []string{"kůň", "žluťoučký 🐎"}},
		"UTF-16, big-endian":         {utf16Of(binary.BigEndian, text), nil, []string{"kůň", "žluťoučký 🐎"}},
		"UTF-16 without mark, asked": {utf16Of(binary.BigEndian, text)[2:], unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), []string{"kůň", "žluťoučký 🐎"}},
		"Latin-1, asked":             {[]byte(latin), charmap.ISO8859_1, []string{"café", "thé"}},
	} {
		// Characters are cut wherever reads end.
		for _, r := range []io.Reader{bytes.NewReader(tt.data), iotest.OneByteReader(bytes.NewReader(tt.data))} {
			table, err := datasets.CSV{Label: "art", Features: []string{"größe"}, Encoding: tt.encoding}.Read(r)
			if err != nil || !slices.Equal(table.Classes, tt.classes) {
				t.Errorf("%s: got %+v, %v", name, table, err)
			}
		}
	}
	for name, tt := range map[string]struct {
		data     []byte
		encoding encoding.Encoding
		want     string
	}{
		"Latin-1":             {[]byte(latin), nil, "line 1: text must be UTF-8, got a byte that is not"},
		"Latin-1 further on":  {[]byte("x,y\n1,a\n2,caf\xe9\n"), nil, "line 3: text must be UTF-8"},
		"in quotes":           {[]byte("x,y\n1,\"a\n\xe9\"\n"), nil, "line 3: text must be UTF-8"},
		"UTF-16 without mark": {utf16Of(binary.LittleEndian, "x,y\n1,a\n")[2:], nil, "line 1: text must not have NUL characters"},
		"half a pair":         {append(utf16Of(binary.LittleEndian, "x,y\n1,a"), 0, 0xd8, '\n', 0), nil, "line 2: text must be in its encoding"},
		"odd":                 {append(utf16Of(binary.LittleEndian, "x,y\n1,a"), 'b'), nil, "line 2: text must be in its encoding"},
		"not in Windows-1252": {[]byte("x,y\n1,\x81\n"), charmap.Windows1252, "line 2: text must be in its encoding"},
		"an error before":     {[]byte("x,y\nz,a\n1,caf\xe9\n"), nil, `line 2, column "x": must be a finite number, got "z"`},
		"a bad record before": {[]byte("x,y\n1,a\"b\n1,caf\xe9\n"), nil, "parse error on line 2"},
		"CR alone":            {[]byte("x,y\r1,a\r2,b\r"), nil, "line 1: lines must end in LF or CRLF, got CR alone"},
		"one CR":              {[]byte("x,y\n1,a\r2,b\n"), nil, "line 2: lines must end in LF or CRLF, got CR alone"},
	} {
		table, err := datasets.CSV{Label: "y", Encoding: tt.encoding}.Read(bytes.NewReader(tt.data))
		if err == nil || !strings.HasPrefix(err.Error(), "datasets: CSV: Read: "+tt.want) || table != nil || len(err.Error()) > 200 {
			t.Errorf("%s: want error %q, got %v, %v", name, tt.want, table, err)
		}
	}
	// CRLF that was translated once too often, and CR within quotes.
	table, err := datasets.CSV{Label: "y"}.Read(strings.NewReader("x,y\r\r\n1,\"a\rb\"\n"))
	if err != nil || !slices.Equal(table.Classes, []string{"a\rb"}) {
		t.Errorf("got %+v, %v", table, err)
	}
	// What was meant to be U+FFFD is.
	if table, err := (datasets.CSV{Label: "y"}).Read(strings.NewReader("x,y\n1,\ufffd\n")); err != nil || table.Classes[0] != "\ufffd" {
		t.Errorf("got %+v, %v", table, err)
	}
}

// endless repeats a text without end, after another one.
func endless(first, text string) io.Reader {
	return io.MultiReader(strings.NewReader(first), &repeated{text: text})
}

type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.text[r.at]
		r.at = (r.at + 1) % len(r.text)
	}
	return len(p), nil
}

// Text without end is an error as soon as it is beyond a limit, and takes memory in
// proportion to that.
func TestCSVLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		text io.Reader
		want string
	}{
		"commas":               {endless("", ","), "line 1: row must have at most 2097152 bytes, got more"},
		"commas and line ends": {endless("x,y\n", ",,\"\n\""), "row must have at most 2097152 bytes, got more"},
		"an open quote":        {endless("x,y\n1,\"", "a\n"), "row must have at most 2097152 bytes, got more"},
		"letters":              {endless("x,", "é"), "line 1: row must have at most 2097152 bytes, got more"},
		"columns":              {strings.NewReader(strings.Repeat(",", 1<<20) + "\n"), "must have at most 1048576 columns, got 1048577"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := datasets.CSV{Label: "y"}.Read(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 2500 {
				t.Errorf("want error %q, got %.200v...", tt.want, err)
			}
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 1<<29 {
				t.Errorf("%d bytes allocated", got)
			}
		})
	}
	names := &strings.Builder{}
	fmt.Fprint(names, "x,y\n")
	for i := range 1<<16 + 1 {
		fmt.Fprintf(names, "1,c%d\n", i)
	}
	if _, err := (datasets.CSV{Label: "y", ManyClasses: true}).Read(strings.NewReader(names.String())); err == nil ||
		!strings.Contains(err.Error(), `line 65538, column "y": must be one of at most 65536 different names, got one more, "c65536"`) {
		t.Errorf("classes: got %v", err)
	}
	if _, err := (datasets.CSV{Label: "y"}).Read(nil); err == nil {
		t.Error("want an error for nil")
	}
}

// What comes from the file is quoted in errors, and what is long is cut.
func TestCSVErrorsAreShort(t *testing.T) {
	long := strings.Repeat("ab\x1b", 1<<18)
	var many []string
	for i := range 1000 {
		many = append(many, "c"+strconv.Itoa(i))
	}
	row := strings.Join(many, ",")
	for name, tt := range map[string]struct {
		c    datasets.CSV
		text string
		want string
	}{
		"value":   {datasets.CSV{Label: "y"}, "x,y\n" + long + ",a\n", "(786432 bytes)"},
		"name":    {datasets.CSV{Label: "y", Classes: []string{"a"}}, "x,y\n1," + long + "\n", "(786432 bytes)"},
		"column":  {datasets.CSV{Label: "y"}, long + ",y\n?,a\n", "(786432 bytes)"},
		"columns": {datasets.CSV{Label: "y"}, row + "\n", "... (1000 in all)"},
		"twice":   {datasets.CSV{Label: "y"}, long + "," + long + "\n", "(786432 bytes)"},
		"classes": {datasets.CSV{Label: "y", Classes: many}, "x,y\n1,a\n", "... (1000 in all)"},
	} {
		_, err := tt.c.Read(strings.NewReader(tt.text))
		if err == nil || len(err.Error()) > 500 || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %.200q", name, err)
		}
	}
}

// An error that wraps io.EOF is a stream that was cut, not its end: taken for one, the
// table would lack its rest without a word.
func TestCSVCutStream(t *testing.T) {
	for _, text := range []string{"", "a,label\n", "a,label\n1,0\n2,1\n", "a,label\n1,0\n2"} {
		cut := iotest.ErrReader(fmt.Errorf("connection closed: %w", io.EOF))
		_, err := datasets.CSV{Label: "label"}.Read(io.MultiReader(strings.NewReader(text), cut))
		if err == nil || !strings.Contains(err.Error(), "connection closed") {
			t.Errorf("%q: must be refused with the error of the stream, got %v", text, err)
		}
	}
}
