package mnist

import (
	"bytes"
	"compress/gzip"
	"image"
	"io"
	"slices"
	"testing"
)

// unpacked returns b, or what it holds if it is gzipped.
func unpacked(t *testing.T, b []byte) []byte {
	if !bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		return b
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("Read accepted what gzip does not: %v", err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("Read accepted what gzip does not: %v", err)
	}
	return all
}

// Whatever the bytes, Read returns an error or a valid Set that is the file.
func FuzzRead(f *testing.F) {
	s := numbered([]uint8{0, 9, 3, 1}, 2, 3, 10)
	images, labels := encodeImages(s), encodeLabels(s)
	f.Add(images, labels)
	f.Add(zip(images), labels)
	f.Add(images, zip(labels))
	f.Add(zip(images), zip(labels))
	f.Add(labels, images)
	f.Add([]byte{}, []byte{})
	f.Add(images[:17], labels)
	f.Add(zip(images)[:20], labels)
	f.Add(append(zip(images), 0), labels)
	f.Add(encode(typeUint8, []uint32{1 << 30, 4096, 4096}, nil), labels)
	f.Add(images, encode(typeUint8, []uint32{1<<32 - 1}, nil))
	f.Add(encode(0x0D, []uint32{4, 2, 3}, s.Pixels), labels)
	f.Add(images, encode(typeUint8, []uint32{4}, []uint8{10, 10, 10, 10}))

	f.Fuzz(func(t *testing.T, images, labels []byte) {
		s, err := Read(bytes.NewReader(images), bytes.NewReader(labels))
		if err != nil {
			if s != nil {
				t.Fatalf("a Set beside the error %v", err)
			}
			return
		}
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encodeImages(s), unpacked(t, images)) {
			t.Fatal("the Set's images are not the file's")
		}
		if !bytes.Equal(encodeLabels(s), unpacked(t, labels)) {
			t.Fatal("the Set's labels are not the file's")
		}
	})
}

// An image of any size is an error or pixels in [0, 1].
func FuzzFromImage(f *testing.F) {
	f.Add(uint16(28), uint16(28), []byte{0, 255})
	f.Add(uint16(1), uint16(400), []byte{0, 0, 0, 9, 200})
	f.Add(uint16(0), uint16(3), []byte{1})
	f.Fuzz(func(t *testing.T, width, height uint16, pixels []byte) {
		w, h := int(width%300), int(height%300)
		m := image.NewGray(image.Rect(-3, 5, w-3, h+5))
		for i := range m.Pix {
			if len(pixels) > 0 {
				m.Pix[i] = pixels[i%len(pixels)]
			}
		}
		x, err := FromImage(m)
		if err != nil {
			return
		}
		if len(x) != 28*28 || slices.Min(x) < 0 || slices.Max(x) > 1 || slices.ContainsFunc(x, func(v float32) bool { return v != v }) {
			t.Fatalf("%d x %d: got %v", w, h, x)
		}
	})
}
