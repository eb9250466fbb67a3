// Package tensorfile reads and writes tensors in the safetensors format, with a
// checksum of their own: the format itself does not notice a flipped bit.
package tensorfile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/nlpodyssey/safetensors"
	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// checksumKey is the entry of the metadata that holds the checksum.
const checksumKey = "sha256"

// Write writes row-major tensors of float32 or float64, and metadata, which may
// not have an entry "sha256". A scalar becomes a vector of one element, since the
// library under it has no scalars. The same arguments give the same bytes.
func Write(w io.Writer, tensors map[string]*tensor.Dense, metadata map[string]string) error {
	if _, ok := metadata[checksumKey]; ok {
		return errors.Errorf("tensorfile: Write: metadata must not have an entry %q", checksumKey)
	}
	views := make(map[string]safetensors.TensorView, len(tensors))
	for name, d := range tensors {
		view, err := viewOf(d)
		if err != nil {
			return errors.Wrapf(err, "tensorfile: Write: tensor %q", name)
		}
		views[name] = view
	}
	all := maps.Clone(metadata)
	if all == nil {
		all = make(map[string]string)
	}
	all[checksumKey] = checksum(views, metadata)
	return errors.Wrap(safetensors.SerializeToWriter(views, all, w), "tensorfile: Write")
}

// checksum covers the names, types, shapes and bytes of the tensors and the
// metadata.
func checksum(views map[string]safetensors.TensorView, metadata map[string]string) string {
	h := sha256.New()
	field := func(b []byte) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(views)) {
		v := views[name]
		field([]byte(name))
		field([]byte(v.DType().String()))
		var shape []byte
		for _, d := range v.Shape() {
			shape = binary.LittleEndian.AppendUint64(shape, d)
		}
		field(shape)
		field(v.Data())
	}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if key != checksumKey {
			field([]byte(key))
			field([]byte(metadata[key]))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func viewOf(d *tensor.Dense) (v safetensors.TensorView, err error) {
	if d == nil || d.RequiresIterator() || d.DataOrder().IsColMajor() {
		return v, errors.New("want a row-major tensor without gaps")
	}
	shape := make([]uint64, d.Dims())
	n := 1
	for i, size := range d.Shape() {
		shape[i] = uint64(size)
		n *= size
	}
	if len(shape) == 0 {
		shape = []uint64{1}
	}
	switch d.Dtype() {
	case tensor.Float32:
		data := make([]byte, 0, 4*n)
		for _, f := range d.Float32s()[:n] {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f))
		}
		return safetensors.NewTensorView(safetensors.F32, shape, data)
	case tensor.Float64:
		data := make([]byte, 0, 8*n)
		for _, f := range d.Float64s()[:n] {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(f))
		}
		return safetensors.NewTensorView(safetensors.F64, shape, data)
	}
	return v, errors.Errorf("want float32 or float64, got %v", d.Dtype())
}

// Read parses a file. Tensors of other types than F32 and F64 are errors, and so
// is a checksum that is not right; a file without one, from another program, is
// taken as it is.
func Read(data []byte) (map[string]*tensor.Dense, map[string]string, error) {
	file, err := parse(data)
	if err != nil {
		return nil, nil, errors.Wrap(err, "tensorfile: Read: not a safetensors file")
	}
	_, header, err := safetensors.ReadMetadata(data)
	if err != nil {
		return nil, nil, errors.Wrap(err, "tensorfile: Read: header")
	}
	metadata := header.Metadata()
	views := make(map[string]safetensors.TensorView, file.Len())
	for _, t := range file.Tensors() {
		views[t.Name] = t.TensorView
	}
	if want, ok := metadata[checksumKey]; ok && checksum(views, metadata) != want {
		return nil, nil, errors.New("tensorfile: Read: checksum is wrong: the file is damaged")
	}
	tensors := make(map[string]*tensor.Dense, len(views))
	for name, v := range views {
		if tensors[name], err = denseOf(v); err != nil {
			return nil, nil, errors.Wrapf(err, "tensorfile: Read: tensor %q", name)
		}
	}
	rest := maps.Clone(metadata)
	delete(rest, checksumKey)
	return tensors, rest, nil
}

// parse turns a panic over malformed input into an error.
func parse(data []byte) (file safetensors.SafeTensors, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Errorf("malformed: %v", p)
		}
	}()
	return safetensors.Deserialize(data)
}

func denseOf(v safetensors.TensorView) (*tensor.Dense, error) {
	if len(v.Shape()) == 0 {
		return nil, errors.New("want rank 1 or more, got a scalar")
	}
	n := 1
	shape := make(tensor.Shape, len(v.Shape()))
	for i, d := range v.Shape() {
		if d > math.MaxInt32 || n > 0 && d > uint64(math.MaxInt/8/n) {
			return nil, errors.Errorf("shape %v is too large", v.Shape())
		}
		shape[i] = int(d)
		n *= int(d)
	}
	data := v.Data()
	switch v.DType() {
	case safetensors.F32:
		if len(data) != 4*n {
			return nil, errors.Errorf("want %d bytes for shape %v of F32, got %d", 4*n, v.Shape(), len(data))
		}
		x := make([]float32, n)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x)), nil
	case safetensors.F64:
		if len(data) != 8*n {
			return nil, errors.Errorf("want %d bytes for shape %v of F64, got %d", 8*n, v.Shape(), len(data))
		}
		x := make([]float64, n)
		for i := range x {
			x[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x)), nil
	}
	return nil, errors.Errorf("want type F32 or F64, got %v", v.DType())
}
