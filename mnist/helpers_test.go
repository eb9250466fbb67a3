package mnist

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// encode writes values in IDX with the given type byte and dimensions, whether
// or not they fit together.
func encode(typ byte, dims []uint32, values []uint8) []byte {
	b := []byte{0, 0, typ, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, values...)
}

func encodeImages(s *Set) []byte {
	return encode(typeUint8, []uint32{uint32(s.Len()), uint32(s.Rows), uint32(s.Cols)}, s.Pixels)
}

func encodeLabels(s *Set) []byte {
	return encode(typeUint8, []uint32{uint32(s.Len())}, s.Labels)
}

func zip(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	// Neither call fails on a bytes.Buffer.
	w.Write(b)
	w.Close()
	return buf.Bytes()
}

// numbered returns a Set whose example i starts with the pixels i%256 and
// i/256, so that tests can tell where a copy came from.
func numbered(labels []uint8, rows, cols, classes int) *Set {
	s := &Set{Rows: rows, Cols: cols, Classes: classes, Labels: labels, Pixels: make([]uint8, len(labels)*rows*cols)}
	for i := range labels {
		for j := range rows * cols {
			switch j {
			case 0:
				s.Pixels[i*rows*cols] = uint8(i)
			case 1:
				s.Pixels[i*rows*cols+1] = uint8(i >> 8)
			default:
				s.Pixels[i*rows*cols+j] = uint8(7*i + 3*j)
			}
		}
	}
	return s
}

// genSet draws a valid Set of at least two pixels an image.
func genSet(t *rapid.T, minLen, maxLen int) *Set {
	classes := rapid.IntRange(1, 12).Draw(t, "classes")
	labels := rapid.SliceOfN(rapid.Uint8Range(0, uint8(classes-1)), minLen, maxLen).Draw(t, "labels")
	rows := rapid.IntRange(1, 4).Draw(t, "rows")
	cols := rapid.IntRange(2, 4).Draw(t, "cols")
	return numbered(labels, rows, cols, classes)
}

// wantError fails unless err is an error whose text has all the parts.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not contain %q", err, p)
		}
	}
}
