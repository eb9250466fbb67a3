package datasets_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/gorgonia-dropout/dropout/datasets"
	"github.com/gorgonia-dropout/dropout/mnist"
)

// onePixel is a lossless WebP image of 1 x 1.
const onePixel = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

// encoded returns an image in each format but WebP, for which it is one pixel.
func encoded(t testing.TB, m image.Image) map[string][]byte {
	t.Helper()
	var g, b, f bytes.Buffer
	webp, err := base64.StdEncoding.DecodeString(onePixel)
	for _, e := range []error{err, gif.Encode(&g, m, nil), bmp.Encode(&b, m), tiff.Encode(&f, m, nil)} {
		if e != nil {
			t.Fatal(e)
		}
	}
	return map[string][]byte{
		"png": encodePNG(t, m), "jpeg": encodeJPEG(t, m), "gif": g.Bytes(), "bmp": b.Bytes(), "tiff": f.Bytes(), "webp": webp,
	}
}

func TestFormats(t *testing.T) {
	for format, data := range encoded(t, plain(4, 3, color.NRGBA{255, 0, 0, 255})) {
		t.Run(format, func(t *testing.T) {
			m, err := datasets.DecodeImage(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if want := image.Rect(0, 0, 4, 3); format != "webp" && m.Bounds() != want {
				t.Errorf("want %v, got %v", want, m.Bounds())
			}
			if r, g, b, a := m.At(0, 0).RGBA(); format != "webp" && (r < 0xfd00 || g > 0x0300 || b > 0x0300 || a != 0xffff) {
				t.Errorf("want red, got %x %x %x %x", r, g, b, a)
			}
			// A folder reads the same, whatever the file is called.
			for _, ending := range []string{format, "JFIF", "tif"} {
				fsys := fstest.MapFS{"a/1." + ending: file(data)}
				if folder, err := (datasets.ImageFolder{Height: 1, Width: 1}).OpenFS(fsys); err != nil || folder.Len() != 1 {
					t.Errorf("%s: got %v, %v", ending, folder, err)
				}
			}
		})
	}
}

func TestOpenImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a\n.png")
	if err := os.WriteFile(path, encodePNG(t, plain(2, 1, color.White)), 0o600); err != nil {
		t.Skip(err)
	}
	if m, err := datasets.OpenImage(path); err != nil || m.Bounds().Dx() != 2 {
		t.Errorf("got %v, %v", m, err)
	}
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + ".jpg", filepath.Dir(path)} {
		if m, err := datasets.OpenImage(p); err == nil || m != nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "datasets: OpenImage: ") {
			t.Errorf("%q: got %v, %v", p, m, err)
		}
	}
	if _, err := datasets.DecodeImage(nil); err == nil {
		t.Error("want an error for nil")
	}
}

// The part of the screen that the first frame of a GIF leaves out is transparent.
func TestGIFOfPartOfTheScreen(t *testing.T) {
	frame := image.NewPaletted(image.Rect(3, 2, 5, 4), color.Palette{color.Black, color.White})
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 6, Height: 5, ColorModel: frame.Palette}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := datasets.DecodeImage(&b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds() != image.Rect(0, 0, 6, 5) {
		t.Fatalf("got %v", m.Bounds())
	}
	for y := range 5 {
		for x := range 6 {
			_, _, _, a := m.At(x, y).RGBA()
			if in := (image.Point{X: x, Y: y}).In(frame.Rect); (a != 0) != in {
				t.Errorf("pixel %d, %d: opacity %x", x, y, a)
			}
		}
	}
}

// The same picture with transparent paper is the same to a folder and to a digit's
// reader as with white paper.
func TestTransparentIsWhite(t *testing.T) {
	drawing := func(paper color.Color) []byte {
		m := image.NewNRGBA(image.Rect(0, 0, 28, 28))
		for i := range 28 * 28 {
			m.Set(i%28, i/28, paper)
		}
		for y := 5; y < 20; y++ {
			m.Set(14, y, color.Black)
			m.Set(15, y, color.Black)
		}
		return encodePNG(t, m)
	}
	read := func(data []byte) (folder, digit []float32) {
		m, err := datasets.ImageFolder{Height: 28, Width: 28, Gray: true}.OpenFS(fstest.MapFS{"a/1.png": file(data)})
		if err != nil {
			t.Fatal(err)
		}
		picture, err := datasets.DecodeImage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if digit, err = mnist.FromImage(picture); err != nil {
			t.Fatal(err)
		}
		return m.X, digit
	}
	folder, digit := read(drawing(color.Transparent))
	white, whiteDigit := read(drawing(color.White))
	if !near(folder, white) || !slices.Equal(digit, whiteDigit) {
		t.Error("transparent paper is not as white paper")
	}
	if folder[0] < 0.999 {
		t.Errorf("transparent paper is %v", folder[0])
	}
}

// chunk returns a chunk of a PNG.
func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// ofSize returns a PNG that claims to be of a size.
func ofSize(width, height uint32) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(header, 8, 0, 0, 0, 0))...)
}

func TestImageSizes(t *testing.T) {
	for _, size := range [][2]uint32{{1, 1 << 26}, {1 << 26, 1}, {1, 1<<14 + 1}, {1 << 14, 1<<12 + 1}, {1<<31 - 1, 1}} {
		_, err := datasets.DecodeImage(bytes.NewReader(ofSize(size[0], size[1])))
		if err == nil || !strings.Contains(err.Error(), "image must have 1 to 2^14 pixels on each side and at most 2^26 in all, got ") {
			t.Errorf("%v: got %v", size, err)
		}
	}
	// Within the limits it is what is missing that is complained of.
	_, err := datasets.DecodeImage(bytes.NewReader(ofSize(1, 1<<14)))
	if err == nil || !strings.Contains(err.Error(), "the image, a PNG of 1 x 16384, is damaged") {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(t.TempDir(), "large.png")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<28+1); err != nil {
		t.Skip(err)
	}
	if _, err := datasets.OpenImage(path); err == nil || !strings.Contains(err.Error(), "must have at most 2^28 bytes, got 268435457") {
		t.Errorf("large file: got %v", err)
	}
}

// manyScans returns a progressive JPEG of a grey square image, each scan but the
// first of which says in some bytes that nothing changes.
func manyScans(side, scans int) []byte {
	segment := func(marker byte, data ...byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
	}
	table := func(class byte, value byte) []byte { // one code, 0, of one bit
		return segment(0xc4, slices.Concat([]byte{class, 1}, make([]byte, 15), []byte{value})...)
	}
	// Codes of 15 bits, each for 32702 blocks without coefficients.
	blocks := side * side / 64
	codes := strings.Repeat("011111101111110", (blocks+32701)/32702)
	codes += strings.Repeat("1", (8-len(codes)%8)%8)
	var nothing []byte
	for i := 0; i < len(codes); i += 8 {
		v, err := strconv.ParseUint(codes[i:i+8], 2, 8)
		if err != nil {
			panic(err)
		}
		nothing = append(nothing, byte(v))
	}
	high, low := byte(side>>8), byte(side)
	data := slices.Concat([]byte{0xff, 0xd8}, segment(0xdb, make([]byte, 65)...),
		segment(0xc2, 8, high, low, high, low, 1, 1, 0x11, 0), table(0x00, 0), table(0x10, 0xe0),
		segment(0xda, 1, 1, 0, 0, 0, 0), make([]byte, blocks/8))
	for range scans {
		data = slices.Concat(data, segment(0xda, 1, 1, 0, 1, 63, 0), nothing)
	}
	return append(data, 0xff, 0xd9)
}

func TestManyScans(t *testing.T) {
	if m, err := datasets.DecodeImage(bytes.NewReader(manyScans(256, 1000))); err != nil || m.Bounds().Dx() != 256 {
		t.Errorf("a small image: got %v", err)
	}
	_, err := datasets.DecodeImage(bytes.NewReader(manyScans(4096, 1000)))
	if err == nil || !strings.Contains(err.Error(), "the scans of a JPEG must cover at most 2^31 pixels, got more") {
		t.Errorf("a large image: got %v", err)
	}
}

// sameTiles returns a TIFF of 1024 x 1024 in tiles of 16 x 16, all with the same
// compressed bytes.
func sameTiles(compression uint16, data []byte) []byte {
	const tiles = 64 * 64
	le := binary.LittleEndian
	entries := [][4]uint32{
		{256, 4, 1, 1024}, {257, 4, 1, 1024}, {258, 3, 1, 8}, {259, 3, 1, uint32(compression)}, {262, 3, 1, 1}, {277, 3, 1, 1},
		{322, 4, 1, 16}, {323, 4, 1, 16}, {324, 4, tiles, 0}, {325, 4, tiles, 0},
	}
	offsets := uint32(8 + 2 + 12*len(entries) + 4)
	counts := offsets + 4*tiles
	entries[8][3], entries[9][3] = offsets, counts
	b := le.AppendUint32([]byte("II*\x00"), 8)
	b = le.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = le.AppendUint16(le.AppendUint16(b, uint16(e[0])), uint16(e[1]))
		b = le.AppendUint32(le.AppendUint32(b, e[2]), e[3])
	}
	b = le.AppendUint32(b, 0)
	for _, v := range []uint32{counts + 4*tiles, uint32(len(data))} {
		for range tiles {
			b = le.AppendUint32(b, v)
		}
	}
	return append(b, data...)
}

func TestManyTiles(t *testing.T) {
	if m, err := datasets.DecodeImage(bytes.NewReader(sameTiles(1, make([]byte, 256)))); err != nil || m.Bounds().Dx() != 1024 {
		t.Errorf("plain tiles: got %v", err)
	}
	// A zlib stream of 64 KiB of empty blocks in each of 4096 tiles.
	empty := slices.Concat([]byte{0x78, 0x9c}, bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 1<<16/5))
	pixels := slices.Concat(empty, []byte{1, 0, 1, 0xff, 0xfe}, make([]byte, 256), []byte{1, 0, 0, 1})
	_, err := datasets.DecodeImage(bytes.NewReader(sameTiles(8, pixels)))
	if err == nil || !strings.Contains(err.Error(), "its decoder must read at most 4 times its bytes and 8 for each pixel, got more") {
		t.Errorf("tiles that take long: got %v", err)
	}
}

// Scaling a tall image must not take memory in proportion to its height and Width.
func TestTallImage(t *testing.T) {
	data := encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 1<<14)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := (datasets.ImageFolder{Height: 64, Width: 64}).OpenFS(fstest.MapFS{"a/1.png": file(data)}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
		t.Errorf("%d bytes for an image of 2^14 pixels", got)
	}
}

// Whatever the bytes, DecodeImage returns an error or an image within the limits.
func FuzzDecodeImage(f *testing.F) {
	for _, data := range encoded(f, plain(3, 2, color.NRGBA{1, 2, 3, 255})) {
		f.Add(data)
	}
	f.Add(oriented(f, "jpeg", plain(3, 2, color.White), 6))
	f.Add(oriented(f, "png", plain(3, 2, color.White), 8))
	f.Add(oriented(f, "tiff", plain(3, 2, color.White), 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Images that are merely large take long.
		if c, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width*c.Height > 1<<16 {
			return
		}
		m, err := datasets.DecodeImage(io.MultiReader(bytes.NewReader(data)))
		if err != nil {
			if m != nil {
				t.Fatalf("an image beside the error %v", err)
			}
			return
		}
		b := m.Bounds()
		if b.Min != (image.Point{}) || b.Dx() < 1 || b.Dy() < 1 {
			t.Fatalf("bounds %v", b)
		}
		for _, p := range []image.Point{{}, b.Max.Sub(image.Pt(1, 1))} {
			m.At(p.X, p.Y).RGBA()
		}
	})
}
