package tensorfile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// metadataKey is the entry of the header that is not a tensor.
const metadataKey = "__metadata__"

// entry is what the header says of a tensor.
type entry struct {
	name       string
	typ        Type
	shape      []int64
	start, end int64 // in the data
}

// header is the parsed header of a file, entries in the order of their data.
type header struct {
	entries  []entry
	metadata map[string]string
	size     int64 // of the data
}

// readHeader reads the header, and no byte after it.
func readHeader(r io.Reader) (*header, error) {
	var first [8]byte
	if n, err := io.ReadFull(r, first[:]); err != nil {
		return nil, foreign(first[:n], nil, readError(err, "8 bytes of length"))
	}
	n := binary.LittleEndian.Uint64(first[:])
	if n > MaxHeader {
		var more [64]byte
		got, _ := io.ReadFull(r, more[:])
		return nil, foreign(first[:], more[:got], errors.Errorf("header must have at most %d bytes, got %d", MaxHeader, n))
	}
	// The buffer grows with the data present, not with the length claimed.
	text, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && uint64(len(text)) < n {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, foreign(first[:], text, readError(err, "a header of %d bytes", n))
	}
	h, err := parseHeader(text)
	if err != nil {
		return nil, foreign(first[:], text, err)
	}
	return h, nil
}

// readError distinguishes the end of a file from a read error.
func readError(err error, format string, args ...any) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.Errorf("file must have "+format+", got its end", args...)
	}
	return err
}

// parseHeader is strict: no repeated name or key, no key that the format does
// not have, and no deeper nesting.
func parseHeader(text []byte) (*header, error) {
	if !bytes.HasPrefix(text, []byte("{")) || !utf8.Valid(text) {
		return nil, errors.New("header must be a JSON object in UTF-8")
	}
	p := parser{json.NewDecoder(bytes.NewReader(text))}
	p.UseNumber()
	h := &header{}
	seen := make(map[string]bool)
	err := p.object(func(key string) error {
		if seen[key] {
			return errors.Errorf("name %q must be there once, got it twice", key)
		}
		seen[key] = true
		if key == metadataKey {
			return p.metadata(&h.metadata)
		}
		switch {
		case len(key) > MaxName:
			return errors.Errorf("name must have at most %d bytes, got %d: %.40q...", MaxName, len(key), key)
		case len(h.entries) == MaxTensors:
			return errors.Errorf("file must have at most %d tensors, got more", MaxTensors)
		}
		e := entry{name: key}
		if err := p.entry(&e); err != nil {
			return errors.Wrapf(err, "tensor %q", key)
		}
		h.entries = append(h.entries, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("header must end after its object")
	}
	return h, h.check()
}

// check sorts the entries and checks that their data are contiguous.
func (h *header) check() error {
	slices.SortFunc(h.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	for _, e := range h.entries {
		n, err := elements(e.shape, e.typ)
		if err != nil {
			return errors.Wrapf(err, "tensor %q", e.name)
		}
		each, _ := e.typ.size()
		if e.start != h.size || e.end != h.size+n*each {
			return errors.Errorf("tensor %q of %s and shape %v must lie at %d to %d of the data, got %d to %d",
				e.name, e.typ, e.shape, h.size, h.size+n*each, e.start, e.end)
		}
		if h.size = e.end; h.size > MaxData {
			return errors.Errorf("tensors must have at most %d bytes together, got more", int64(MaxData))
		}
	}
	return nil
}

// A parser reads a header token by token, so that its depth is limited.
type parser struct{ *json.Decoder }

// token returns the next token, or an error if it is not a T.
func token[T json.Token](p parser, what string) (v T, err error) {
	t, err := p.Token()
	if err != nil {
		return v, errors.Wrapf(err, "header must have %s", what)
	}
	v, ok := t.(T)
	if !ok {
		return v, errors.Errorf("header must have %s, got %.40q", what, t)
	}
	return v, nil
}

// delim reads a bracket.
func (p parser) delim(want json.Delim) error {
	d, err := token[json.Delim](p, strconv.Quote(want.String()))
	if err == nil && d != want {
		err = errors.Errorf("header must have %q, got %q", want.String(), d.String())
	}
	return err
}

// object reads an object; value reads the value of each key.
func (p parser) object(value func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	for p.More() {
		key, err := token[string](p, "a name")
		if err != nil {
			return err
		}
		if err := value(key); err != nil {
			return err
		}
	}
	return p.delim('}')
}

// array reads an array of natural numbers, at most n.
func (p parser) array(what string, n int) ([]int64, error) {
	if err := p.delim('['); err != nil {
		return nil, err
	}
	list := []int64{}
	for p.More() {
		if len(list) == n {
			return nil, errors.Errorf("%s must have at most %d numbers, got more", what, n)
		}
		number, err := token[json.Number](p, "a number in "+what)
		if err != nil {
			return nil, err
		}
		v, err := strconv.ParseUint(number.String(), 10, 63)
		if err != nil {
			return nil, errors.Errorf("%s must be of natural numbers, got %.40s", what, number)
		}
		list = append(list, int64(v))
	}
	return list, p.delim(']')
}

func (p parser) metadata(m *map[string]string) error {
	*m = make(map[string]string)
	return p.object(func(key string) error {
		if _, ok := (*m)[key]; ok {
			return errors.Errorf("metadata must have %.40q once, got it twice", key)
		}
		v, err := token[string](p, "a string as metadata")
		(*m)[key] = v
		return err
	})
}

func (p parser) entry(e *entry) error {
	seen := make(map[string]bool, 3)
	err := p.object(func(key string) (err error) {
		if seen[key] {
			return errors.Errorf("%q must be there once, got it twice", key)
		}
		seen[key] = true
		switch key {
		case "dtype":
			var t string
			t, err = token[string](p, "a string as dtype")
			e.typ = Type(t)
		case "shape":
			e.shape, err = p.array("shape", MaxDims)
		case "data_offsets":
			var offsets []int64
			if offsets, err = p.array("data_offsets", 2); err == nil && len(offsets) != 2 {
				return errors.Errorf("data_offsets must have 2 numbers, got %d", len(offsets))
			}
			if err == nil {
				e.start, e.end = offsets[0], offsets[1]
			}
		default:
			err = errors.Errorf("header must have dtype, shape and data_offsets, got %.40q", key)
		}
		return err
	})
	if err == nil && len(seen) != 3 {
		err = errors.Errorf("header must have dtype, shape and data_offsets, got %d of them", len(seen))
	}
	return err
}
