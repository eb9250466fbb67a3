package tensorfile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Write writes row-major tensors of float32 or float64, and metadata, which
// must not have an entry "sha256". The same arguments give the same bytes. It
// is an error if [Read] would not accept the file.
func Write(w io.Writer, tensors map[string]*tensor.Dense, metadata map[string]string) error {
	return write(w, tensors, metadata, "")
}

// write writes the numbers as typ, F16 or BF16, or unchanged if that is "".
func write(w io.Writer, tensors map[string]*tensor.Dense, metadata map[string]string, typ Type) error {
	if _, ok := metadata[checksumKey]; ok {
		return errors.Errorf("tensorfile: Write: metadata must not have an entry %q", checksumKey)
	}
	entries, err := layOut(tensors, typ)
	if err != nil {
		return errors.Wrap(err, "tensorfile: Write")
	}
	h := newSum()
	for _, e := range slices.SortedFunc(slices.Values(entries), byName) {
		// Writing to a hash never fails.
		h.tensor(e, func(w io.Writer) { _ = writeData(w, tensors[e.name], e.typ) })
	}
	all := map[string]string{checksumKey: h.metadata(metadata)}
	maps.Copy(all, metadata)
	text, err := encodeHeader(entries, all)
	if err != nil {
		return errors.Wrap(err, "tensorfile: Write")
	}
	if _, err := w.Write(text); err != nil {
		return errors.Wrap(err, "tensorfile: Write")
	}
	for _, e := range entries {
		if err := writeData(w, tensors[e.name], e.typ); err != nil {
			return errors.Wrap(err, "tensorfile: Write")
		}
	}
	return nil
}

// layOut gives each tensor its place: wider types first, so that all are
// aligned, and tensors of one type by name.
func layOut(tensors map[string]*tensor.Dense, typ Type) ([]entry, error) {
	if len(tensors) > MaxTensors {
		return nil, errors.Errorf("file must have at most %d tensors, got %d", MaxTensors, len(tensors))
	}
	entries := make([]entry, 0, len(tensors))
	for name, d := range tensors {
		e := entry{name: name}
		if name == metadataKey || len(name) > MaxName || !utf8.ValidString(name) {
			return nil, errors.Errorf("name must be UTF-8 of at most %d bytes and not %s, got %.40q", MaxName, metadataKey, name)
		}
		if d == nil || d.RequiresIterator() || d.DataOrder().IsColMajor() {
			return nil, errors.Errorf("tensor %q must be row-major without gaps", name)
		}
		switch d.Dtype() {
		case tensor.Float32:
			e.typ = F32
		case tensor.Float64:
			e.typ = F64
		default:
			return nil, errors.Errorf("tensor %q must be of float32 or float64, got %v", name, d.Dtype())
		}
		if typ != "" {
			if err := fitsHalf(d, typ); err != nil {
				return nil, errors.Wrapf(err, "tensor %q", name)
			}
			e.typ = typ
		}
		for _, n := range d.Shape() {
			e.shape = append(e.shape, int64(n))
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(-cmp.Compare(a.typ, b.typ), byName(a, b)) // F64 before F32
	})
	at := int64(0)
	for i := range entries {
		e := &entries[i]
		n, err := elements(e.shape, e.typ)
		if err != nil || len(e.shape) > MaxDims {
			return nil, errors.Errorf("tensor %q must have at most %d axes and %d bytes, got shape %v", e.name, MaxDims, int64(MaxData), e.shape)
		}
		each, _ := e.typ.size()
		e.start, e.end = at, at+n*each
		if at = e.end; at > MaxData {
			return nil, errors.Errorf("tensors must have at most %d bytes together, got more", int64(MaxData))
		}
	}
	return entries, nil
}

// encodeHeader returns the first bytes of the file, up to the data.
func encodeHeader(entries []entry, metadata map[string]string) ([]byte, error) {
	for key, value := range metadata {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return nil, errors.Errorf("metadata must be UTF-8, got %.40q: %.40q", key, value)
		}
	}
	var b bytes.Buffer
	b.Write(make([]byte, 8)) // the length
	encode := json.NewEncoder(&b)
	encode.SetEscapeHTML(false)
	put := func(separator string, v any) error {
		b.WriteString(separator)
		err := encode.Encode(v)
		b.Truncate(b.Len() - 1) // the encoder's newline
		return err
	}
	err := put("{", metadataKey)
	err = cmp.Or(err, put(":", metadata))
	for _, e := range entries {
		shape := e.shape
		if shape == nil {
			shape = []int64{} // a scalar
		}
		err = cmp.Or(err, put(",", e.name), put(":", struct {
			Type    Type     `json:"dtype"`
			Shape   []int64  `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{e.typ, shape, [2]int64{e.start, e.end}}))
	}
	if err != nil {
		return nil, err
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	n := b.Len() - 8
	if n > MaxHeader {
		return nil, errors.Errorf("header must have at most %d bytes, got %d", MaxHeader, n)
	}
	binary.LittleEndian.PutUint64(b.Bytes(), uint64(n))
	return b.Bytes(), nil
}

// writeData writes the elements of a tensor in blocks.
func writeData(w io.Writer, d *tensor.Dense, typ Type) error {
	if typ == F64 {
		return writeFloats(w, values[float64](d), 8, func(b []byte, v float64) []byte {
			return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		})
	}
	x := values[float32](d)
	switch typ {
	case F16:
		return writeFloats(w, x, 2, func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint16(b, ToF16(v)) })
	case BF16:
		return writeFloats(w, x, 2, func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint16(b, ToBF16(v)) })
	}
	return writeFloats(w, x, 4, func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint32(b, math.Float32bits(v)) })
}

// values returns the elements of a tensor of F.
func values[F float32 | float64](d *tensor.Dense) []F {
	if d.Shape().IsScalar() {
		return []F{d.ScalarValue().(F)}
	}
	return d.Data().([]F)[:d.Shape().TotalSize()]
}

// fitsHalf returns an error unless the numbers of d can be written as F16 or
// BF16: d must be of float32, and no number may become infinite.
func fitsHalf(d *tensor.Dense, typ Type) error {
	if d.Dtype() != tensor.Float32 {
		return errors.Errorf("tensor must be of float32 to be written as %s, got %v", typ, d.Dtype())
	}
	for i, v := range values[float32](d) {
		infinite := ToF16(v)&0x7fff == 0x7c00
		if typ == BF16 {
			infinite = ToBF16(v)&0x7fff == 0x7f80
		}
		if infinite && !math.IsInf(float64(v), 0) {
			return errors.Errorf("numbers must fit %s, got %v at %d", typ, v, i)
		}
	}
	return nil
}

func writeFloats[F any](w io.Writer, x []F, size int, put func([]byte, F) []byte) error {
	const chunk = 8192
	b := make([]byte, 0, size*min(chunk, len(x)))
	for part := range slices.Chunk(x, chunk) {
		b = b[:0]
		for _, v := range part {
			b = put(b, v)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
