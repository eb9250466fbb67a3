// Package records reads the records of a table of comma-separated values from a file
// that may come from anywhere: as UTF-8, within limits.
package records

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"unicode/utf8"

	"github.com/pkg/errors"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// The limits of text. Package csv reads a whole record before a caller can
// inspect it.
const (
	maxRecord       = 1 << 21
	maxText   int64 = 1 << 34
)

// A Reader reads the records of a table. The fields of the [csv.Reader] may be set before
// the first record is read.
type Reader struct {
	*csv.Reader
	text *lines
}

// New returns a reader of r in the encoding, which is nil for UTF-8 or UTF-16 by the byte
// order mark.
func New(r io.Reader, e encoding.Encoding) *Reader {
	in := bufio.NewReader(r)
	// What cannot be peeked at cannot be read either.
	head, _ := in.Peek(3)
	if e == nil && (bytes.HasPrefix(head, []byte{0xfe, 0xff}) || bytes.HasPrefix(head, []byte{0xff, 0xfe})) {
		e = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	}
	if bytes.Equal(head, []byte("\ufeff")) {
		_, _ = in.Discard(len(head))
		e = nil
	}
	text := &lines{in: in, line: 1}
	if e != nil {
		text.in, text.decoded = bufio.NewReader(e.NewDecoder().Reader(in)), true
	}
	return &Reader{csv.NewReader(text), text}
}

// Next returns the next record, or io.EOF after the last.
func (r *Reader) Next() ([]string, error) {
	record, err := r.Read()
	if err == nil || AtEnd(err) {
		return record, err
	}
	// The text is read ahead, so an error in it may come after an error in a
	// record; but a record that it cuts is wrong because of it.
	var at *csv.ParseError
	if r.text.err != nil && (!errors.As(err, &at) || at.Line >= r.text.line) {
		err = r.text.err
	}
	return nil, errors.WithStack(err)
}

// AtEnd reports whether err is io.EOF itself, with which a reader ends. An
// error that wraps io.EOF comes from a truncated stream.
func AtEnd(err error) bool { return any(err) == any(io.EOF) }

// lines passes text on as long as it satisfies what CSV.Read requires.
type lines struct {
	in      *bufio.Reader
	decoded bool // invalid characters have become U+FFFD
	char    [utf8.UTFMax]byte
	rest    []byte // of the last character, which did not fit

	line   int   // number of the current line, from 1
	record int   // bytes of the record so far
	total  int64 // bytes so far
	quoted bool  // within quotes, where a record continues after the end of a line
	cr     bool  // the last byte was a carriage return outside quotes
	err    error
}

func (l *lines) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	for n < len(p) {
		// Characters are checked whole.
		c, size, err := l.in.ReadRune()
		if AtEnd(err) {
			break
		}
		if err == nil {
			err = l.take(c, size)
		}
		if err != nil {
			l.err = errors.WithMessagef(err, "line %d", l.line)
			return n, l.err
		}
		if c < utf8.RuneSelf {
			p[n] = byte(c)
			n++
			continue
		}
		l.rest = utf8.AppendRune(l.char[:0], c)
		copied := copy(p[n:], l.rest)
		n, l.rest = n+copied, l.rest[copied:]
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ErrNotUTF8 is the cause of an error about text that is not UTF-8.
var ErrNotUTF8 = errors.New("text must be UTF-8, got a byte that is not: set Encoding if it is of another")

// take notes a character, or returns an error that says what is wrong with it.
func (l *lines) take(c rune, size int) error {
	switch {
	case c == utf8.RuneError && size == 1:
		return ErrNotUTF8
	case c == utf8.RuneError && l.decoded:
		return errors.New("text must be in its encoding, got what has no meaning there")
	case c == 0:
		return errors.New("text must not have NUL characters, got one: UTF-16 must begin with a byte order mark")
	case l.cr && c != '\n' && c != '\r':
		return errors.New("lines must end in LF or CRLF, got CR alone: replace CR by LF")
	}
	l.cr = c == '\r' && !l.quoted
	if l.total += int64(size); l.total > maxText {
		return errors.New("table must have at most 2^34 bytes, got more")
	}
	if l.record += size; l.record > maxRecord {
		return errors.Errorf("row must have at most %d bytes, got more", maxRecord)
	}
	switch {
	case c == '"':
		l.quoted = !l.quoted
	case c == '\n':
		l.line++
		if !l.quoted {
			l.record = 0
		}
	}
	return nil
}
