package tensorfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// checksumKey is the entry of the metadata that holds the checksum.
const checksumKey = "sha256"

// A File is an open file: its header and, after [File.Load], its tensors.
type File struct {
	Tensors  map[string]*Tensor
	Metadata map[string]string // without the checksum
	Checksum bool              // whether it has one, as all files do that this package writes

	header *header
	from   io.Reader
}

// A Tensor is a tensor in a [File].
type Tensor struct {
	Type  Type
	Shape tensor.Shape
	data  []byte
}

// Open reads the header of a file. If it is not safetensors, the error names
// its format if that can be recognized.
func Open(r io.Reader) (*File, error) {
	h, err := readHeader(r)
	if err != nil {
		return nil, errors.Wrap(err, "tensorfile: Open")
	}
	f := &File{Tensors: make(map[string]*Tensor, len(h.entries)), Metadata: maps.Clone(h.metadata), header: h, from: r}
	for _, e := range h.entries {
		t := &Tensor{Type: e.typ, Shape: make(tensor.Shape, len(e.shape))}
		for i, d := range e.shape {
			t.Shape[i] = int(d)
		}
		f.Tensors[e.name] = t
	}
	_, f.Checksum = f.Metadata[checksumKey]
	delete(f.Metadata, checksumKey)
	return f, nil
}

// Load reads the data. It is an error if the file is shorter or longer than the
// header says, or if its checksum is wrong.
func (f *File) Load() error {
	// As in readHeader, the buffer grows with the data present.
	data, err := io.ReadAll(io.LimitReader(f.from, f.header.size+1))
	if err != nil {
		return errors.Wrap(err, "tensorfile: Load")
	}
	if int64(len(data)) != f.header.size {
		return errors.Errorf("tensorfile: Load: file must end after %d bytes of data, got %s", f.header.size, atLeast(len(data), f.header.size))
	}
	for _, e := range f.header.entries {
		f.Tensors[e.name].data = data[e.start:e.end]
	}
	if !f.Checksum {
		return nil
	}
	h := newSum()
	for _, e := range slices.SortedFunc(slices.Values(f.header.entries), byName) {
		h.tensor(e, func(w io.Writer) { w.Write(data[e.start:e.end]) })
	}
	if h.metadata(f.Metadata) != f.header.metadata[checksumKey] {
		return errors.New("tensorfile: Load: checksum is wrong: the file is damaged")
	}
	return nil
}

func atLeast(n int, want int64) string {
	if int64(n) > want {
		return "more"
	}
	return errors.Errorf("%d", n).Error()
}

// Dense returns the loaded tensors, F32 as float32 and F64 as float64. It is an
// error if there are tensors of other types.
func (f *File) Dense() (map[string]*tensor.Dense, error) {
	tensors := make(map[string]*tensor.Dense, len(f.Tensors))
	for name, t := range f.Tensors {
		dt := tensor.Float32
		switch t.Type {
		case F32:
		case F64:
			dt = tensor.Float64
		default:
			return nil, errors.Errorf("tensorfile: Dense: tensor %q must be of F32 or F64, got %s", name, t.Type)
		}
		var err error
		if tensors[name], err = t.Dense(dt); err != nil {
			return nil, errors.Wrapf(err, "tensorfile: Dense: tensor %q", name)
		}
	}
	return tensors, nil
}

// Read reads a whole file; see [File.Dense].
func Read(r io.Reader) (map[string]*tensor.Dense, map[string]string, error) {
	f, err := Open(r)
	if err != nil {
		return nil, nil, err
	}
	if err := f.Load(); err != nil {
		return nil, nil, err
	}
	tensors, err := f.Dense()
	return tensors, f.Metadata, err
}

// sum computes the checksum: of the tensors' names, types, shapes and bytes in
// the order of their names, and of the metadata in the order of their keys.
type sum struct{ hash.Hash }

func newSum() sum { return sum{sha256.New()} }

func (s sum) field(n int, write func(io.Writer)) {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(n))
	s.Write(length[:])
	write(s)
}

func (s sum) text(t string) { s.field(len(t), func(w io.Writer) { io.WriteString(w, t) }) }

func (s sum) tensor(e entry, data func(io.Writer)) {
	s.text(e.name)
	s.text(string(e.typ))
	var shape []byte
	for _, d := range e.shape {
		shape = binary.LittleEndian.AppendUint64(shape, uint64(d))
	}
	s.text(string(shape))
	s.field(int(e.end-e.start), data)
}

func (s sum) metadata(m map[string]string) string {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		s.text(key)
		s.text(m[key])
	}
	return hex.EncodeToString(s.Sum(nil))
}

func byName(a, b entry) int { return bytes.Compare([]byte(a.name), []byte(b.name)) }

// Dense returns a loaded tensor as dt, float32 or float64. It is an error if
// the tensor does not hold floats, or if a finite number of F64 would become
// infinite.
func (t *Tensor) Dense(dt tensor.Dtype) (*tensor.Dense, error) {
	if !t.Type.Float() {
		return nil, errors.Errorf("type must be F16, BF16, F32 or F64, got %s", t.Type)
	}
	var backing any
	var err error
	switch dt {
	case tensor.Float32:
		backing, err = floats[float32](t)
	case tensor.Float64:
		backing, err = floats[float64](t)
	default:
		err = errors.Errorf("tensor must become float32 or float64, got %v", dt)
	}
	if err != nil {
		return nil, err
	}
	if len(t.Shape) == 0 {
		// A scalar of one element, whose shape WithShape can't say.
		if x, ok := backing.([]float32); ok {
			return tensor.New(tensor.FromScalar(x[0])), nil
		}
		return tensor.New(tensor.FromScalar(backing.([]float64)[0])), nil
	}
	return tensor.New(tensor.WithShape(t.Shape.Clone()...), tensor.WithBacking(backing)), nil
}

func floats[F float32 | float64](t *Tensor) ([]F, error) {
	each, _ := t.Type.size()
	x := make([]F, len(t.data)/int(each))
	for i := range x {
		b := t.data[i*int(each):]
		switch t.Type {
		case F16:
			x[i] = F(FromF16(binary.LittleEndian.Uint16(b)))
		case BF16:
			x[i] = F(FromBF16(binary.LittleEndian.Uint16(b)))
		case F32:
			x[i] = F(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case F64:
			v := math.Float64frombits(binary.LittleEndian.Uint64(b))
			if x[i] = F(v); math.IsInf(float64(x[i]), 0) && !math.IsInf(v, 0) {
				return nil, errors.Errorf("numbers must fit float32, got %g at %d", v, i)
			}
		}
	}
	return x, nil
}
