package datasets_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"slices"
	"testing"
	"testing/fstest"

	"golang.org/x/image/tiff"

	"github.com/gorgonia-dropout/dropout/datasets"
)

// exif is the TIFF structure of EXIF data that says an orientation, as a number of
// the given type.
func exif(order binary.AppendByteOrder, kind, orientation uint16) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint16(order.AppendUint32(b, 8), 1)
	b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, 0x0112), kind), 1)
	return order.AppendUint32(order.AppendUint16(order.AppendUint16(b, orientation), 0), 0)
}

// withEXIF puts EXIF data into an encoded image.
func withEXIF(t testing.TB, format string, data, exif []byte) []byte {
	t.Helper()
	switch format {
	case "jpeg":
		segment := append([]byte("Exif\x00\x00"), exif...)
		head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(len(segment)+2))
		return slices.Concat(head, segment, data[2:])
	case "png":
		const header = 8 + 25
		return slices.Concat(data[:header], chunk("eXIf", exif), data[header:])
	case "webp":
		le := binary.LittleEndian
		extended := append([]byte("VP8X\x0a\x00\x00\x00"), 8, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		body := slices.Concat([]byte("WEBP"), extended, data[12:], le.AppendUint32([]byte("EXIF"), uint32(len(exif))), exif)
		return slices.Concat(le.AppendUint32([]byte("RIFF"), uint32(len(body))), body)
	}
	t.Fatalf("no EXIF data in %s", format)
	return nil
}

// oriented encodes an image that says an orientation.
func oriented(t testing.TB, format string, m image.Image, orientation uint16) []byte {
	t.Helper()
	if format != "tiff" {
		data := map[string]func(testing.TB, image.Image) []byte{"jpeg": encodeJPEG, "png": encodePNG}[format](t, m)
		return withEXIF(t, format, data, exif(binary.BigEndian, 3, orientation))
	}
	var b bytes.Buffer
	if err := tiff.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	// The tags are sorted: the orientation comes before the first that is larger.
	data, le := b.Bytes(), binary.LittleEndian
	at := int(le.Uint32(data[4:]))
	n := int(le.Uint16(data[at:]))
	entries := data[at+2 : at+2+12*n]
	k := 0
	for k < n && le.Uint16(entries[12*k:]) < 0x0112 {
		k++
	}
	entry := exif(binary.LittleEndian, 3, orientation)[10:22]
	directory := slices.Concat(le.AppendUint16(nil, uint16(n+1)), entries[:12*k], entry, entries[12*k:], make([]byte, 4))
	le.PutUint32(data[4:], uint32(len(data)))
	return append(data, directory...)
}

// stored returns how an orientation stores the image m: by the sides on which its
// first row and its first column are to be seen.
func stored(m image.Image, orientation int) image.Image {
	sides := []string{"", "top left", "top right", "bottom right", "bottom left", "left top", "right top", "right bottom", "left bottom"}[orientation]
	var row, column string
	if _, err := fmt.Sscan(sides, &row, &column); err != nil {
		panic(err)
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	width, height := w, h
	if row == "left" || row == "right" {
		width, height = h, w
	}
	s := image.NewNRGBA(image.Rect(0, 0, width, height))
	for sy := range height {
		for sx := range width {
			var x, y int
			for side, distance := range map[string]int{row: sy, column: sx} {
				switch side {
				case "left":
					x = distance
				case "right":
					x = w - 1 - distance
				case "top":
					y = distance
				case "bottom":
					y = h - 1 - distance
				}
			}
			s.Set(sx, sy, m.At(x, y))
		}
	}
	return s
}

func TestOrientation(t *testing.T) {
	// Blocks of 8 x 8 pixels, which JPEG keeps apart.
	seen := image.NewNRGBA(image.Rect(0, 0, 24, 16))
	for i := range 24 * 16 {
		x, y := i%24, i/24
		seen.Set(x, y, color.NRGBA{uint8(100 * (x / 8)), uint8(200 * (y / 8)), 50, 255})
	}
	want, err := datasets.ImageFolder{Height: 16, Width: 24}.OpenFS(fstest.MapFS{"a/1.png": file(encodePNG(t, seen))})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"jpeg", "png", "tiff"} {
		for o := 1; o <= 8; o++ {
			data := oriented(t, format, stored(seen, o), uint16(o))
			got, err := datasets.ImageFolder{Height: 16, Width: 24}.OpenFS(fstest.MapFS{"a/1.png": file(data)})
			if err != nil {
				t.Fatal(err)
			}
			for i := range want.X {
				if d := got.X[i] - want.X[i]; d > 0.06 || d < -0.06 {
					t.Errorf("%s with orientation %d: value %d is %v, want %v", format, o, i, got.X[i], want.X[i])
					break
				}
			}
		}
	}
}

// WebP has EXIF data as well; orientations that there are not, or that are no whole
// numbers, and data that is damaged count as none.
func TestOrientationOfOthers(t *testing.T) {
	wide := encodePNG(t, plain(3, 2, color.White))
	webp := encoded(t, plain(1, 1, color.White))["webp"]
	if m, err := datasets.DecodeImage(bytes.NewReader(withEXIF(t, "webp", webp, exif(binary.LittleEndian, 3, 6)))); err != nil || m.ColorModel() != color.RGBA64Model {
		t.Errorf("WebP is not turned: %v", err)
	}
	for name, tt := range map[string]struct {
		exif   []byte
		turned bool
	}{
		"big-endian": {exif(binary.BigEndian, 3, 6), true}, "little-endian": {exif(binary.LittleEndian, 3, 6), true},
		"0": {exif(binary.BigEndian, 3, 0), false}, "9": {exif(binary.BigEndian, 3, 9), false},
		"of text": {exif(binary.BigEndian, 2, 6<<8), false}, "cut": {exif(binary.BigEndian, 3, 6)[:15], false},
		"empty": {nil, false}, "without order": {make([]byte, 30), false},
	} {
		m, err := datasets.DecodeImage(bytes.NewReader(withEXIF(t, "png", wide, tt.exif)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := m.Bounds() == image.Rect(0, 0, 2, 3); got != tt.turned {
			t.Errorf("%s: bounds %v", name, m.Bounds())
		}
	}
}

// Whatever the EXIF data, an image of 3 x 2 is read, as it is or turned.
func FuzzOrientation(f *testing.F) {
	for o := range uint16(10) {
		f.Add(exif(binary.BigEndian, 3, o))
		f.Add(exif(binary.LittleEndian, o, 6))
	}
	photo, drawing := encodeJPEG(f, plain(3, 2, color.White)), encodePNG(f, plain(3, 2, color.White))
	f.Fuzz(func(t *testing.T, exif []byte) {
		if len(exif) > 1<<15 {
			return
		}
		for _, data := range [][]byte{withEXIF(t, "jpeg", photo, exif), withEXIF(t, "png", drawing, exif)} {
			m, err := datasets.DecodeImage(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if b := m.Bounds(); b != image.Rect(0, 0, 3, 2) && b != image.Rect(0, 0, 2, 3) {
				t.Fatalf("bounds %v", b)
			}
		}
	})
}
