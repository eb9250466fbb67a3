package mnist

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"io"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

const (
	typeUint8 = 0x08

	// maxSide bounds the rows and columns of an image. Larger numbers come from
	// damaged headers, not from data sets in this format.
	maxSide = 4096

	// maxValues bounds the bytes that a file may unpack to: 1 GiB, twice the
	// largest split of EMNIST. It also keeps every product of dimensions within
	// a 32-bit int.
	maxValues = 1 << 30

	// firstChunk is what is allocated before any value has been read; from
	// there the buffer grows by the factor growth each time it is full.
	firstChunk = 64 << 10
	growth     = 4
)

// typeNames are the other value types of IDX, for error messages.
var typeNames = map[byte]string{
	0x09: "signed byte",
	0x0B: "int16",
	0x0C: "int32",
	0x0D: "float32",
	0x0E: "float64",
}

// idx is an IDX stream of unsigned bytes whose header has been read and
// checked.
type idx struct {
	values io.Reader // from the first value on, unpacked
	packed *bufio.Reader
	zipped bool
	dims   []int
}

// openIDX reads the header of src, which may be gzipped, and checks that it
// announces unsigned bytes of the given rank with plausible dimensions.
func openIDX(src io.Reader, rank int) (*idx, error) {
	if src == nil {
		return nil, errors.New("reader must be set, got nil")
	}
	f := &idx{packed: bufio.NewReader(src)}
	f.values = f.packed

	// An IDX file starts with zero, so gzip's magic number is never ambiguous.
	// Reading the header meets, and reports, any error of Peek again.
	if magic, _ := f.packed.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		gz, err := gzip.NewReader(f.packed)
		if err != nil {
			return nil, errors.Wrap(err, "gzip header must be whole")
		}
		// Only one member, so that what follows it can be distinguished from
		// damage.
		gz.Multistream(false)
		f.values, f.zipped = gz, true
	}

	var magic [4]byte
	if err := f.readHeader(magic[:], "magic number"); err != nil {
		return nil, err
	}
	if magic[0] != 0 || magic[1] != 0 {
		return nil, errors.Errorf("magic number must be 00 00 08 %02x, got % x: not an IDX file", rank, magic)
	}
	if magic[2] != typeUint8 {
		name, ok := typeNames[magic[2]]
		if !ok {
			name = "no type of IDX"
		}
		return nil, errors.Errorf("type byte must be 0x08 (unsigned byte), got 0x%02x (%s)", magic[2], name)
	}
	if int(magic[3]) != rank {
		return nil, errors.Errorf("rank byte must be %d (%s), got %d (%s)", rank, rankName(rank), magic[3], rankName(int(magic[3])))
	}

	raw := make([]byte, 4*rank)
	if err := f.readHeader(raw, "dimensions"); err != nil {
		return nil, err
	}
	f.dims = make([]int, rank)
	total := uint64(1)
	for i := range f.dims {
		d := binary.BigEndian.Uint32(raw[4*i:])
		limit := uint32(maxValues)
		if i > 0 {
			limit = maxSide
		}
		if d < 1 || d > limit {
			return nil, errors.Errorf("dimension %d (%s) must be in [1, %d], got %d", i, dimName(i), limit, d)
		}
		f.dims[i] = int(d)
		total *= uint64(d) // at most 2^30 * 2^12 * 2^12
	}
	if total > maxValues {
		return nil, errors.Errorf("dimensions must hold at most %d values, got %s", maxValues, f.shape())
	}
	return f, nil
}

// readHeader fills b with the part of the header that what names.
func (f *idx) readHeader(b []byte, what string) error {
	n, err := io.ReadFull(f.values, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.Errorf("%s must have %d bytes, got %d: file truncated", what, len(b), n)
	}
	return errors.Wrapf(err, "%s must have %d bytes, got %d and an error", what, len(b), n)
}

// readValues returns all values, after checking that the file ends with them
// and, if it is gzipped, that its checksum is right.
func (f *idx) readValues() ([]uint8, error) {
	total := 1
	for _, d := range f.dims {
		total *= d
	}
	buf := make([]uint8, 0, min(total, firstChunk))
	for len(buf) < total {
		if len(buf) == cap(buf) {
			grown := make([]uint8, len(buf), min(total, growth*cap(buf)))
			copy(grown, buf)
			buf = grown
		}
		n, err := io.ReadFull(f.values, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.Errorf("must have %s values, got %d: file truncated", f.shape(), len(buf))
		}
		if err != nil {
			return nil, errors.Wrapf(err, "must have %s values, got %d and an error", f.shape(), len(buf))
		}
	}

	switch err := ended(f.values); {
	case errors.Is(err, errMore):
		return nil, errors.Errorf("file must end after %s values, got more bytes", f.shape())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("gzip trailer after the values must be whole, got less: file truncated")
	case err != nil:
		return nil, errors.Wrap(err, "file must end after the values, got an error")
	}
	if f.zipped {
		switch err := ended(f.packed); {
		case errors.Is(err, errMore):
			return nil, errors.New("file must end after its gzip stream, got more bytes")
		case err != nil:
			return nil, errors.Wrap(err, "file must end after its gzip stream, got an error")
		}
	}
	return buf, nil
}

var errMore = errors.New("more bytes")

// ended returns nil if r is at its end, errMore if it is not, or another error
// from reading.
func ended(r io.Reader) error {
	var b [1]byte
	switch _, err := io.ReadFull(r, b[:]); err {
	case nil:
		return errMore
	case io.EOF:
		return nil
	default:
		return err
	}
}

// shape prints the dimensions and their product, such as 4 x 28 x 28 = 3136.
func (f *idx) shape() string {
	parts := make([]string, len(f.dims))
	total := uint64(1)
	for i, d := range f.dims {
		parts[i] = strconv.Itoa(d)
		total *= uint64(d)
	}
	if len(parts) > 1 {
		parts[len(parts)-1] += " = " + strconv.FormatUint(total, 10)
	}
	return strings.Join(parts, " x ")
}

func rankName(rank int) string {
	switch rank {
	case 1:
		return "labels"
	case 3:
		return "images"
	default:
		return "neither images nor labels"
	}
}

func dimName(i int) string {
	return [...]string{"examples", "rows", "columns"}[i]
}
