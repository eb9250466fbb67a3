package datasets

import (
	"bytes"
	"image"
	"image/color"
	"io"

	"github.com/bep/imagemeta"
	"github.com/pkg/errors"
	"golang.org/x/image/riff"
)

// orientation returns the EXIF orientation of an image, from 1 (upright) to 8 (Exif
// 3.0, CIPA DC-008-2023, 4.6.5.1.3), and 1 if it has none.
func orientation(data []byte, format string) int {
	kind := imagemeta.TIFF
	switch format {
	case "jpeg":
		kind = imagemeta.JPEG
	case "png":
		kind = imagemeta.PNG
	case "webp":
		data = webpEXIF(data)
	case "tiff":
	default:
		return 1
	}
	found := 1
	// In damaged EXIF data, what comes before the damage counts.
	_, _ = imagemeta.Decode(imagemeta.Options{
		R:           bytes.NewReader(data),
		ImageFormat: kind,
		Sources:     imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return tag.Tag == "Orientation" && tag.Namespace == "IFD0"
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			if o, ok := tag.Value.(uint16); ok && o >= 1 && o <= 8 {
				found = int(o)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return found
}

// webpEXIF returns the EXIF data of a WebP image, a TIFF structure; imagemeta
// misses it after a chunk of odd length.
func webpEXIF(data []byte) []byte {
	_, chunks, err := riff.NewReader(bytes.NewReader(data))
	for err == nil {
		var id riff.FourCC
		var chunk io.Reader
		if id, _, chunk, err = chunks.Next(); err == nil && id == (riff.FourCC{'E', 'X', 'I', 'F'}) {
			exif, _ := io.ReadAll(chunk)
			// Some writers add the prefix that JPEG uses.
			return bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))
		}
	}
	return nil
}

// upright returns picture, which lies on a canvas of the given size, turned
// upright. The first frame of a GIF may cover only part of the canvas.
func upright(picture image.Image, width, height, orientation int) (image.Image, error) {
	canvas := image.Rect(0, 0, width, height)
	if orientation == 1 && picture.Bounds() == canvas {
		return picture, nil
	}
	in, ok := picture.(image.RGBA64Image)
	if !ok {
		return nil, errors.Errorf("pixels must be of a kind that package image knows, got %T", picture)
	}
	if orientation > 4 {
		canvas.Max = image.Pt(height, width)
	}
	return &turned{in, canvas, width - 1, height - 1, orientation}, nil
}

// turned is an image seen through an orientation.
type turned struct {
	in          image.RGBA64Image
	canvas      image.Rectangle
	right, last int // column and row of the stored image
	orientation int
}

func (t *turned) ColorModel() color.Model { return color.RGBA64Model }

func (t *turned) Bounds() image.Rectangle { return t.canvas }

func (t *turned) At(x, y int) color.Color { return t.RGBA64At(x, y) }

func (t *turned) RGBA64At(x, y int) color.RGBA64 {
	if t.orientation > 4 {
		x, y = y, x
	}
	switch t.orientation {
	case 2, 7, 3, 8:
		x = t.right - x
	}
	switch t.orientation {
	case 3, 4, 6, 7:
		y = t.last - y
	}
	if !image.Pt(x, y).In(t.in.Bounds()) {
		return color.RGBA64{}
	}
	return t.in.RGBA64At(x, y)
}
