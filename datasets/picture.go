package datasets

import (
	"bytes"
	"image"
	_ "image/gif" // formats that are read
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/pkg/errors"
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"github.com/gorgonia-dropout/dropout/internal/datafile"
)

// The limits of images: a small file may claim any size and take any time.
const (
	maxSide       = 1 << 14
	maxPixels     = 1 << 26
	maxImageBytes = 1 << 28
	// maxScanned bounds the pixels of all scans of a JPEG together, to some seconds:
	// 32 scans of the largest image. Encoders make about ten.
	maxScanned = 1 << 31
	// maxReads is how many times the bytes of a file may be read, in addition
	// to 8 bytes for each pixel. The tiles of a TIFF may all use the same
	// bytes.
	maxReads = 4
)

// formats are those that are read, by their names in package image.
var formats = []string{"bmp", "gif", "jpeg", "png", "tiff", "webp"}

const formatNames = "PNG, JPEG, GIF, BMP, TIFF or WebP"

// OpenImage reads the image in the file at path; see [DecodeImage].
func OpenImage(path string) (image.Image, error) {
	f, err := datafile.Open(path)
	if err != nil {
		return nil, errors.WithMessage(err, "datasets: OpenImage")
	}
	defer f.Close()
	m, err := decodeFile(f)
	return m, errors.WithMessagef(err, "datasets: OpenImage: %q", path)
}

// DecodeImage reads a PNG, JPEG, GIF, BMP, TIFF or WebP image, whatever its
// file is called, turned and mirrored by its EXIF orientation. Damaged or
// invalid EXIF data is ignored, as in browsers. Of several frames or pages it
// reads the first. Transparent pixels stay transparent; [ImageFolder] and
// mnist.FromImage put white behind them.
//
// It is an error if the image is damaged or of another format, if it has more
// than 2^14 pixels on a side or more than 2^26 in all, if its file has more
// than 2^28 bytes, if the scans of a JPEG cover more than 2^31 pixels together,
// or if the tiles of a TIFF share bytes so that more than 4 times its bytes
// plus 8 for each pixel are read. An image of the largest size takes up to 1.5
// GiB while it is read.
func DecodeImage(r io.Reader) (image.Image, error) {
	if r == nil {
		return nil, errors.New("datasets: DecodeImage: reader must be set, got nil")
	}
	m, err := decodeImage(r)
	return m, errors.WithMessage(err, "datasets: DecodeImage")
}

// decodeFile is decodeImage, but does not read files that are too large.
func decodeFile(f fs.File) (image.Image, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, datafile.Quoted(err)
	}
	if info.Size() > maxImageBytes {
		return nil, errors.Errorf("file of an image must have at most 2^28 bytes, got %d", info.Size())
	}
	return decodeImage(f)
}

func decodeImage(r io.Reader) (image.Image, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxImageBytes+1))
	if err != nil {
		return nil, errors.WithStack(err)
	}
	if len(data) > maxImageBytes {
		return nil, errors.New("file of an image must have at most 2^28 bytes, got more")
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, errors.Wrapf(err, "must be a %s image", formatNames)
	}
	// A program may have registered others.
	if !slices.Contains(formats, format) {
		return nil, errors.Errorf("must be a %s image, got %q", formatNames, format)
	}
	width, height := config.Width, config.Height
	if width < 1 || height < 1 || width > maxSide || height > maxSide || width > maxPixels/height {
		return nil, errors.Errorf("image must have 1 to 2^14 pixels on each side and at most 2^26 in all, got %d x %d", width, height)
	}
	from := &source{data: data, left: maxReads*int64(len(data)) + 8*int64(width)*int64(height), scans: -1}
	if format == "jpeg" {
		from.scans = maxScanned / (width * height)
	}
	picture, _, err := image.Decode(from)
	if from.err != nil {
		err = from.err
	}
	if err != nil {
		return nil, errors.Wrapf(err, "the image, a %s of %d x %d, is damaged", strings.ToUpper(format), width, height)
	}
	return upright(picture, width, height, orientation(data, format))
}

// A source gives a decoder the bytes of an image and stops it once it does more
// work than an image needs. Its methods Peek and ReadAt keep the decoders from
// buffering the bytes themselves.
type source struct {
	data  []byte
	at    int
	left  int64 // bytes that may still be read
	scans int   // of a JPEG that may still begin; -1 for other formats
	last  byte  // that was read
	err   error // why it was stopped
}

func (s *source) Read(p []byte) (int, error) {
	if s.at == len(s.data) {
		return 0, io.EOF
	}
	n := copy(p, s.data[s.at:])
	s.at += n
	// Decoders go on with bytes that come with an error.
	if err := s.count(p[:n]); err != nil {
		return 0, err
	}
	return n, nil
}

func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset >= int64(len(s.data)) {
		return 0, io.EOF
	}
	n := copy(p, s.data[offset:])
	if err := s.count(p[:n]); err != nil {
		return 0, err
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Peek returns the next n bytes without reading them.
func (s *source) Peek(n int) ([]byte, error) {
	if n > len(s.data)-s.at {
		return s.data[s.at:], io.EOF
	}
	return s.data[s.at : s.at+n], nil
}

// count notes what has been read.
func (s *source) count(read []byte) error {
	if s.left -= int64(len(read)); s.left < 0 {
		s.err = errors.Errorf("its decoder must read at most %d times its bytes and 8 for each pixel, got more", maxReads)
	}
	if s.scans >= 0 && len(read) > 0 {
		// The marker of a scan; neither coded data nor a fill byte looks like it.
		n := bytes.Count(read, []byte{0xff, 0xda})
		if s.last == 0xff && read[0] == 0xda {
			n++
		}
		if s.last = read[len(read)-1]; n > s.scans {
			s.err = errors.New("the scans of a JPEG must cover at most 2^31 pixels, got more")
		}
		s.scans = max(0, s.scans-n)
	}
	return s.err
}
