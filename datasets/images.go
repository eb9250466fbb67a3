package datasets

import (
	"image"
	_ "image/jpeg" // formats that are read
	_ "image/png"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/image/draw"

	"github.com/gorgonia-dropout/dropout/training"
)

// ImageFolder says how to read a folder that has a folder of images for each
// class: DIR/cat/1.jpg, DIR/dog/7.png. Height and Width are required.
type ImageFolder struct {
	Height, Width int  // of all images, to which they are scaled whatever their own shape
	Gray          bool // one channel instead of red, green and blue

	// Classes are the names of the classes in order, and a folder of any other is
	// an error: give the test images those of the training images. nil stands for
	// the names of the folders, sorted.
	Classes []string
}

// Images is a data set of images, as ImageFolder.Open returns it. It is a
// training.Dataset of shape (channels, height, width) with values in [0, 1].
type Images struct {
	training.Examples
	Classes []string // names of the classes
	Files   []string // of each image, within the folder, with slashes
}

// maxPixels is the size of the largest image that is read: a small file may claim
// to be of any size.
const maxPixels = 1 << 26

// Open reads all images of the folder dir into memory, class by class, in the
// order of their names. Files called *.png, *.jpg and *.jpeg, in any case, are
// read, and all others and what begins with a dot are passed over. Images are
// scaled by bilinear interpolation over all the pixels that fall together; what is
// transparent is black; orientations from EXIF are not followed.
//
// An image that is damaged or has more than 2^26 pixels is an error that names the
// file. It is an error as well if there is no class, or a class has no image.
func (f ImageFolder) Open(dir string) (*Images, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, errors.Wrap(err, "datasets: ImageFolder: Open")
	}
	if !info.IsDir() {
		return nil, errors.Errorf("datasets: ImageFolder: Open: want a folder, got the file %s", dir)
	}
	m, err := f.open(os.DirFS(dir))
	return m, errors.WithMessagef(err, "datasets: ImageFolder: Open: %s", dir)
}

// OpenFS is Open for the root of a file system, such as an embed.FS or a zip
// archive.
func (f ImageFolder) OpenFS(fsys fs.FS) (*Images, error) {
	m, err := f.open(fsys)
	return m, errors.WithMessage(err, "datasets: ImageFolder: OpenFS")
}

func (f ImageFolder) open(fsys fs.FS) (*Images, error) {
	if f.Height < 1 || f.Width < 1 || f.Height > maxPixels/f.Width {
		return nil, errors.Errorf("Height and Width must be positive and at most 2^26 pixels together, got %d x %d", f.Height, f.Width)
	}
	classes, err := newNames(f.Classes)
	if err != nil {
		return nil, err
	}
	channels := 3
	if f.Gray {
		channels = 1
	}
	m := &Images{Examples: training.Examples{Shape: []int{channels, f.Height, f.Width}}}
	folders, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, errors.WithStack(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() || strings.HasPrefix(folder.Name(), ".") {
			continue
		}
		class, err := classes.index(folder.Name())
		if err != nil {
			return nil, errors.WithMessage(err, "folder of a class")
		}
		if err := f.class(fsys, folder.Name(), class, m); err != nil {
			return nil, err
		}
	}
	if len(m.Y) == 0 {
		return nil, errors.New("want a folder of images for each class, got none")
	}
	m.Classes = classes.names
	return m, nil
}

// class reads the images of a class.
func (f ImageFolder) class(fsys fs.FS, folder string, class int, m *Images) error {
	files, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return errors.WithStack(err)
	}
	before := len(m.Files)
	for _, file := range files {
		name := file.Name()
		ending := strings.ToLower(path.Ext(name))
		if file.IsDir() || strings.HasPrefix(name, ".") || !slices.Contains([]string{".png", ".jpg", ".jpeg"}, ending) {
			continue
		}
		name = path.Join(folder, name)
		if err := f.image(fsys, name, m); err != nil {
			return errors.WithMessage(err, name)
		}
		m.Files = append(m.Files, name)
		m.Y = append(m.Y, class)
	}
	if len(m.Files) == before {
		return errors.Errorf("class %q must have a PNG or JPEG image, got none", folder)
	}
	return nil
}

// image appends the values of an image.
func (f ImageFolder) image(fsys fs.FS, name string, m *Images) error {
	file, err := fsys.Open(name)
	if err != nil {
		return errors.WithStack(err)
	}
	defer file.Close()
	values, err := f.decode(file)
	m.X = append(m.X, values...)
	return err
}

// decode returns the values of an image, channel by channel.
func (f ImageFolder) decode(r io.Reader) ([]float32, error) {
	// What was read to learn the size is read again.
	var head strings.Builder
	config, format, err := image.DecodeConfig(io.TeeReader(r, &head))
	if err != nil {
		return nil, errors.Wrap(err, "want a PNG or JPEG image")
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxPixels/config.Height {
		return nil, errors.Errorf("want an image of 1 to 2^26 pixels, got %d x %d", config.Width, config.Height)
	}
	picture, _, err := image.Decode(io.MultiReader(strings.NewReader(head.String()), r))
	if err != nil {
		return nil, errors.Wrapf(err, "the image, a %s of %d x %d, is damaged", strings.ToUpper(format), config.Width, config.Height)
	}
	// Drawn over black, with 16 bits, so that no level is lost.
	scaled := image.NewRGBA64(image.Rect(0, 0, f.Width, f.Height))
	draw.BiLinear.Scale(scaled, scaled.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	n := f.Height * f.Width
	values := make([]float32, n, 3*n)
	if !f.Gray {
		values = values[:3*n]
	}
	for i := range n {
		// Premultiplied by the opacity, which is what black behind comes to.
		c := scaled.RGBA64At(i%f.Width, i/f.Width)
		red, green, blue := float32(c.R)/0xffff, float32(c.G)/0xffff, float32(c.B)/0xffff
		if f.Gray {
			values[i] = luma(red, green, blue)
			continue
		}
		values[i], values[n+i], values[2*n+i] = red, green, blue
	}
	return values, nil
}

// luma is the brightness of a colour by ITU-R BT.601, as JPEG has it.
func luma(red, green, blue float32) float32 {
	return min(1, 0.299*red+0.587*green+0.114*blue)
}
