package mnist

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"runtime"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestReadReturnsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genSet(t, 1, 40)
		images, labels := encodeImages(want), encodeLabels(want)
		if rapid.Bool().Draw(t, "zip images") {
			images = zip(images)
		}
		if rapid.Bool().Draw(t, "zip labels") {
			labels = zip(labels)
		}
		var i, l io.Reader = bytes.NewReader(images), bytes.NewReader(labels)
		if rapid.Bool().Draw(t, "drip") {
			i, l = iotest.OneByteReader(i), iotest.DataErrReader(l)
		}
		got, err := Read(i, l, Classes(want.Classes))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("read %+v, want %+v", got, want)
		}
		if err := got.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

// Long enough for the buffer to grow several times.
func TestReadGrows(t *testing.T) {
	want := numbered(make([]uint8, 3000), 28, 28, 10)
	got, err := Read(bytes.NewReader(zip(encodeImages(want))), bytes.NewReader(encodeLabels(want)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Pixels, want.Pixels) || !bytes.Equal(got.Labels, want.Labels) {
		t.Error("read other values than were written")
	}
	if cap(got.Pixels) != len(got.Pixels) {
		t.Errorf("%d bytes kept for %d pixels", cap(got.Pixels), len(got.Pixels))
	}
}

func TestReadErrors(t *testing.T) {
	s := numbered([]uint8{0, 9, 3, 1}, 2, 3, 10)
	images, labels := encodeImages(s), encodeLabels(s)
	three := func(n, rows, cols uint32, values int) []byte {
		return encode(typeUint8, []uint32{n, rows, cols}, make([]uint8, values))
	}
	cut := func(b []byte, n int) []byte { return b[: len(b)-n : len(b)-n] }
	more := func(b []byte, tail ...byte) []byte { return append(b[:len(b):len(b)], tail...) }
	flipped := func(b []byte, at int) []byte {
		c := bytes.Clone(b)
		c[at] ^= 0xff
		return c
	}
	zi, zl := zip(images), zip(labels)

	for _, c := range []struct {
		name           string
		images, labels []byte
		want           []string
	}{
		{"empty images", nil, labels, []string{"images: magic number must have 4 bytes, got 0: file truncated"}},
		{"empty labels", images, nil, []string{"labels: magic number must have 4 bytes, got 0: file truncated"}},
		{"cut magic", images[:3], labels, []string{"images: magic number must have 4 bytes, got 3"}},
		{"cut dimensions", images[:15], labels, []string{"images: dimensions must have 12 bytes, got 11: file truncated"}},
		{"no dimensions", images, labels[:4], []string{"labels: dimensions must have 4 bytes, got 0: file truncated"}},
		{"text", []byte("<!DOCTYPE html>"), labels, []string{"images: magic number must be 00 00 08 03, got 3c 21 44 4f: not an IDX file"}},
		{"one byte of magic", flipped(images, 1), labels, []string{"images: magic number", "got 00 ff 08 03"}},
		{"float type", encode(0x0D, []uint32{4, 2, 3}, s.Pixels), labels, []string{"images: type byte must be 0x08 (unsigned byte), got 0x0d (float32)"}},
		{"unknown type", images, encode(0x42, []uint32{4}, s.Labels), []string{"labels: type byte must be 0x08 (unsigned byte), got 0x42 (no type of IDX)"}},
		{"swapped", labels, images, []string{"labels: rank byte must be 1 (labels), got 3 (images)"}},
		{"labels twice", labels, labels, []string{"images: rank byte must be 3 (images), got 1 (labels)"}},
		{"rank 4", encode(typeUint8, []uint32{4, 2, 3, 1}, s.Pixels), labels, []string{"images: rank byte must be 3 (images), got 4 (neither images nor labels)"}},
		{"rank 0", encode(typeUint8, nil, nil), labels, []string{"images: rank byte must be 3 (images), got 0"}},
		{"no examples", three(0, 2, 3, 0), labels, []string{"images: dimension 0 (examples) must be in [1, 1073741824], got 0"}},
		{"no rows", three(4, 0, 3, 0), labels, []string{"images: dimension 1 (rows) must be in [1, 4096], got 0"}},
		{"no columns", three(4, 2, 0, 0), labels, []string{"images: dimension 2 (columns) must be in [1, 4096], got 0"}},
		{"rows beyond the limit", three(4, 4097, 3, 0), labels, []string{"images: dimension 1 (rows) must be in [1, 4096], got 4097"}},
		{"columns beyond an int32", three(4, 2, 1<<32-1, 0), labels, []string{"images: dimension 2 (columns) must be in [1, 4096], got 4294967295"}},
		{"examples beyond the limit", images, encode(typeUint8, []uint32{1<<30 + 1}, nil), []string{"labels: dimension 0 (examples) must be in [1, 1073741824], got 1073741825"}},
		{"too many pixels", three(1<<30, 4096, 4096, 0), labels, []string{"images: dimensions must hold at most 1073741824 values, got 1073741824 x 4096 x 4096 = 18014398509481984"}},
		{"just too many pixels", three(65, 4096, 4096, 0), labels, []string{"images: dimensions must hold at most 1073741824 values, got 65 x 4096 x 4096 = 1090519040"}},
		{"fewer images", three(3, 2, 3, 18), labels, []string{"must have as many images in images as labels in labels, got 3 and 4"}},
		{"more images", three(5, 2, 3, 30), labels, []string{"got 5 and 4"}},
		{"cut images", cut(images, 1), labels, []string{"images: must have 4 x 2 x 3 = 24 values, got 23: file truncated"}},
		{"no pixels", cut(images, 24), labels, []string{"images: must have 4 x 2 x 3 = 24 values, got 0: file truncated"}},
		{"cut labels", images, cut(labels, 2), []string{"labels: must have 4 values, got 2: file truncated"}},
		{"trailing byte in images", more(images, 0), labels, []string{"images: file must end after 4 x 2 x 3 = 24 values, got more bytes"}},
		{"trailing byte in labels", images, more(labels, 1), []string{"labels: file must end after 4 values, got more bytes"}},
		{"label out of range", images, encode(typeUint8, []uint32{4}, []uint8{0, 9, 10, 200}), []string{"labels: label of example 2 must be in [0, 9], got 10"}},

		{"zipped text", zip([]byte("hello")), labels, []string{"images: magic number must be 00 00 08 03, got 68 65 6c 6c"}},
		{"zipped nothing", images, zip(nil), []string{"labels: magic number must have 4 bytes, got 0: file truncated"}},
		{"zipped cut images", zip(cut(images, 5)), labels, []string{"images: must have 4 x 2 x 3 = 24 values, got 19: file truncated"}},
		{"zipped trailing byte", images, zip(more(labels, 1)), []string{"labels: file must end after 4 values, got more bytes"}},
		{"zipped twice", zip(zi), labels, []string{"images: magic number", "got 1f 8b"}},
		{"cut gzip header", zi[:5], labels, []string{"images: gzip header must be whole"}},
		{"cut gzip stream", zi[:20], labels, []string{"images: ", "file truncated"}},
		{"cut gzip trailer", cut(zi, 3), labels, []string{"images: gzip trailer after the values must be whole, got less: file truncated"}},
		{"gzip checksum", flipped(zi, len(zi)-8), labels, []string{"images: file must end after the values, got an error: gzip: invalid checksum"}},
		{"gzip length", images, flipped(zl, len(zl)-1), []string{"labels: ", "gzip: invalid checksum"}},
		{"bytes after gzip", more(zi, 0), labels, []string{"images: file must end after its gzip stream, got more bytes"}},
		{"second gzip member", images, more(zl, zl...), []string{"labels: file must end after its gzip stream, got more bytes"}},
		{"gzip method", flipped(zi, 2), labels, []string{"images: gzip header must be whole: gzip: invalid header"}},
		{"deflate damage", flipped(zi, 10), labels, []string{"images: ", "flate: corrupt input"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Read(bytes.NewReader(c.images), bytes.NewReader(c.labels))
			wantError(t, err, append(c.want, "mnist: Read: ")...)
			if s != nil {
				t.Errorf("a Set beside the error: %+v", s)
			}
		})
	}
}

// Wherever a file is cut it is an error, never a smaller Set.
func TestReadEveryTruncation(t *testing.T) {
	s := numbered([]uint8{0, 9, 3}, 2, 2, 10)
	images, labels := encodeImages(s), encodeLabels(s)
	for _, file := range [][]byte{images, zip(images)} {
		for n := range file {
			if _, err := Read(bytes.NewReader(file[:n]), bytes.NewReader(labels)); err == nil {
				t.Errorf("no error for images cut to %d of %d bytes", n, len(file))
			}
		}
	}
	for _, file := range [][]byte{labels, zip(labels)} {
		for n := range file {
			if _, err := Read(bytes.NewReader(images), bytes.NewReader(file[:n])); err == nil {
				t.Errorf("no error for labels cut to %d of %d bytes", n, len(file))
			}
		}
	}
}

func TestReadKeepsTheReadersError(t *testing.T) {
	s := numbered([]uint8{0, 9, 3}, 2, 2, 10)
	images, labels := encodeImages(s), encodeLabels(s)
	broken := errors.New("the cable is out")
	for n := range len(images) + 1 {
		r := io.MultiReader(bytes.NewReader(images[:n]), iotest.ErrReader(broken))
		if _, err := Read(r, bytes.NewReader(labels)); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: error %v, want one that wraps %q", n, err, broken)
		}
	}
	packed := zip(images)
	for n := range len(packed) + 1 {
		r := io.MultiReader(bytes.NewReader(packed[:n]), iotest.ErrReader(broken))
		if _, err := Read(r, bytes.NewReader(labels)); !errors.Is(err, broken) {
			t.Errorf("after %d gzipped bytes: error %v, want one that wraps %q", n, err, broken)
		}
	}
	_, err := Read(nil, bytes.NewReader(labels))
	wantError(t, err, "mnist: Read: images: reader must be set, got nil")
	_, err = Read(bytes.NewReader(images), nil)
	wantError(t, err, "mnist: Read: labels: reader must be set, got nil")
}

func TestReadClasses(t *testing.T) {
	s := numbered([]uint8{1, 26, 255}, 1, 2, 256)
	read := func(opts ...Option) (*Set, error) {
		return Read(bytes.NewReader(encodeImages(s)), bytes.NewReader(encodeLabels(s)), opts...)
	}
	_, err := read()
	wantError(t, err, "label of example 1 must be in [0, 9], got 26")
	_, err = read(Classes(255))
	wantError(t, err, "label of example 2 must be in [0, 254], got 255")
	got, err := read(Classes(256))
	if err != nil {
		t.Fatal(err)
	}
	if got.Classes != 256 || got.Counts()[255] != 1 {
		t.Errorf("%d classes, %d examples in the last, want 256 and 1", got.Classes, got.Counts()[255])
	}
	for _, n := range []int{-1, 0, 257} {
		_, err := read(Classes(n))
		wantError(t, err, "mnist: Read: classes must be in [1, 256], got")
	}
}

// Headers that promise a gigabyte must not get one.
func TestReadDoesNotTrustTheHeader(t *testing.T) {
	labels := encode(typeUint8, []uint32{1 << 30}, nil)
	images := encode(typeUint8, []uint32{1, 4096, 4096}, nil)
	one := encode(typeUint8, []uint32{1}, []uint8{0})

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read(bytes.NewReader(images), bytes.NewReader(labels))
	wantError(t, err, "labels: must have 1073741824 values, got 0: file truncated")
	_, err = Read(bytes.NewReader(images), bytes.NewReader(one))
	wantError(t, err, "images: must have 1 x 4096 x 4096 = 16777216 values, got 0: file truncated")
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes allocated for files of %d bytes", got, len(labels)+len(images)+len(one))
	}
}
