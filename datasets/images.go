package datasets

import (
	"image"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/image/draw"

	"github.com/gorgonia-dropout/dropout/internal/datafile"
	"github.com/gorgonia-dropout/dropout/training"
)

// ImageFolder says how to read a folder that contains a folder of images for
// each class: DIR/cat/1.jpg, DIR/dog/7.png. Height and Width are required.
type ImageFolder struct {
	Height, Width int  // all images are scaled to this size, whatever their shape; at most 4096 each
	Gray          bool // one channel instead of red, green and blue

	// Classes are the names of the classes in order, and a folder with any
	// other name is an error: give the test images the classes of the training
	// images. nil means the names of the folders, sorted.
	Classes []string
}

// Images is a data set of images, as [ImageFolder.Open] returns it. It is a
// [training.Dataset] of shape (channels, height, width) with values in [0, 1].
type Images struct {
	training.Examples
	Classes []string // names of the classes
	Files   []string // of each image, within the folder, with slashes
}

const (
	maxScaled = 1 << 12 // pixels of a side that images are scaled to
	maxDepth  = 16      // of the folders in a class's folder
	// maxValues bounds the values that a data set has in memory, 4 bytes each.
	maxValues int64 = 1 << 32
)

// read has the extensions of files that are read, and unread those of image
// formats that are not: skipping these silently would lose images.
var (
	read   = []string{".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp"}
	unread = []string{".avif", ".dng", ".heic", ".heif", ".jp2", ".jxl", ".pbm", ".pgm", ".pnm", ".ppm", ".svg"}
)

// IsImage reports whether a file is read by [ImageFolder.Open], as its name ends.
func IsImage(name string) bool { return slices.Contains(read, strings.ToLower(path.Ext(name))) }

// Open reads all images in the folder dir into memory, class by class, in the
// order of their names, including those in subfolders of a class and behind
// symbolic links. Files called *.png, *.jpg, *.jpeg, *.jpe, *.jfif, *.gif,
// *.bmp, *.tif, *.tiff and *.webp, in any case, are read by [DecodeImage], with
// its limits; other files and names that begin with a dot are skipped. Images
// are scaled by bilinear interpolation over all the pixels that fall together,
// and transparent pixels get a white background.
//
// An error names the file if an image cannot be read, if it is called *.avif,
// *.dng, *.heic, *.heif, *.jp2, *.jxl, *.pbm, *.pgm, *.pnm, *.ppm or *.svg,
// which are not supported, or if it is not a regular file. It is also an error
// if there is no class, if a class, or one of Classes, has no image, if the
// subfolders of a class are more than 16 deep, as with a link to a folder
// above, or if the images have more than 2^32 values in all.
func (f ImageFolder) Open(dir string) (*Images, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, errors.WithMessage(datafile.Quoted(err), "datasets: ImageFolder: Open")
	}
	if !info.IsDir() {
		return nil, errors.Errorf("datasets: ImageFolder: Open: %q must be a folder, got %s", dir, datafile.Kind(info.Mode()))
	}
	m, err := f.open(os.DirFS(dir))
	return m, errors.WithMessagef(err, "datasets: ImageFolder: Open: %q", dir)
}

// OpenFS is [ImageFolder.Open] for the root of a file system, such as an
// embed.FS or a zip archive.
func (f ImageFolder) OpenFS(fsys fs.FS) (*Images, error) {
	if fsys == nil {
		return nil, errors.New("datasets: ImageFolder: OpenFS: file system must be set, got nil")
	}
	m, err := f.open(fsys)
	return m, errors.WithMessage(err, "datasets: ImageFolder: OpenFS")
}

func (f ImageFolder) open(fsys fs.FS) (*Images, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	classes, err := newNames(f.Classes, maxClasses)
	if err != nil {
		return nil, err
	}
	m := &Images{Examples: training.Examples{Shape: []int{f.channels(), f.Height, f.Width}}}
	folders, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, datafile.Quoted(err)
	}
	for _, folder := range folders {
		name := folder.Name()
		if strings.HasPrefix(name, ".") {
			continue
		}
		mode, err := followed(fsys, name, folder)
		if err != nil {
			return nil, err
		}
		if !mode.IsDir() {
			continue
		}
		class, err := classes.index(name)
		if err != nil {
			return nil, errors.WithMessage(err, "folder of a class")
		}
		before := len(m.Files)
		if err := f.folder(fsys, name, class, 0, m); err != nil {
			return nil, err
		}
		if len(m.Files) == before {
			return nil, errors.Errorf("class %q must have a %s image, got none", name, formatNames)
		}
	}
	if len(m.Y) == 0 {
		return nil, errors.New("must have a folder of images for each class, got none")
	}
	m.Classes = classes.names
	occurs := make([]bool, len(m.Classes))
	for _, class := range m.Y {
		occurs[class] = true
	}
	if missing := slices.Index(occurs, false); missing >= 0 {
		return nil, errors.Errorf("class %q of Classes must have a folder of images, got none", m.Classes[missing])
	}
	return m, nil
}

func (f ImageFolder) channels() int {
	if f.Gray {
		return 1
	}
	return 3
}

// followed returns the mode of an entry of a folder or, for a symbolic link, of
// what it leads to.
func followed(fsys fs.FS, name string, entry fs.DirEntry) (fs.FileMode, error) {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type(), nil
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return 0, datafile.Quoted(err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return 0, errors.Errorf("%q must not be %s", name, datafile.Kind(info.Mode()))
	}
	return info.Mode(), nil
}

// folder reads the images in a folder of a class and in its subfolders.
func (f ImageFolder) folder(fsys fs.FS, folder string, class, depth int, m *Images) error {
	if depth > maxDepth {
		return errors.Errorf("folders of a class must be at most %d deep, got %q", maxDepth, folder)
	}
	files, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return datafile.Quoted(err)
	}
	for _, file := range files {
		if strings.HasPrefix(file.Name(), ".") {
			continue
		}
		name := path.Join(folder, file.Name())
		mode, err := followed(fsys, name, file)
		if err != nil {
			return err
		}
		if mode.IsDir() {
			if err := f.folder(fsys, name, class, depth+1, m); err != nil {
				return err
			}
			continue
		}
		if slices.Contains(unread, strings.ToLower(path.Ext(name))) {
			return errors.Errorf("%q must be a %s image: convert or remove it", name, formatNames)
		}
		if !IsImage(name) {
			continue
		}
		if err := f.image(fsys, name, m); err != nil {
			return err
		}
		m.Files = append(m.Files, name)
		m.Y = append(m.Y, class)
	}
	return nil
}

// image appends the values of an image.
func (f ImageFolder) image(fsys fs.FS, name string, m *Images) error {
	if size := int64(f.channels()) * int64(f.Height) * int64(f.Width); int64(len(m.X)) > maxValues-size {
		return errors.Errorf("images must have at most 2^32 values together, got %d in %d images and one more", len(m.X), len(m.Files))
	}
	file, err := datafile.OpenFS(fsys, name)
	if err != nil {
		return err
	}
	defer file.Close()
	picture, err := decodeFile(file)
	m.X = append(m.X, f.values(picture)...)
	return errors.WithMessagef(err, "%q", name)
}

// Scale returns the values of one image as [ImageFolder.Open] has them: scaled to Height and
// Width, channel by channel, in [0, 1]. To read an image from a file, see [OpenImage].
func (f ImageFolder) Scale(picture image.Image) ([]float32, error) {
	if picture == nil {
		return nil, errors.New("datasets: ImageFolder: Scale: image must be set, got nil")
	}
	if err := f.check(); err != nil {
		return nil, errors.WithMessage(err, "datasets: ImageFolder: Scale")
	}
	return f.values(picture), nil
}

func (f ImageFolder) check() error {
	if min(f.Height, f.Width) < 1 || max(f.Height, f.Width) > maxScaled {
		return errors.Errorf("Height and Width must be in [1, %d], got %d and %d", maxScaled, f.Height, f.Width)
	}
	return nil
}

// values returns the values of an image, channel by channel.
func (f ImageFolder) values(picture image.Image) []float32 {
	if picture == nil {
		return nil
	}
	// With 16 bits, so that no level is lost.
	scaled := image.NewRGBA64(image.Rect(0, 0, f.Width, f.Height))
	draw.BiLinear.Scale(scaled, scaled.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	n := f.Height * f.Width
	values := make([]float32, f.channels()*n)
	for i := range n {
		// Premultiplied by the opacity; white makes up the rest.
		c := scaled.RGBA64At(i%f.Width, i/f.Width)
		over := func(v uint16) float32 { return float32(min(0xffff, int(v)+0xffff-int(c.A))) / 0xffff }
		red, green, blue := over(c.R), over(c.G), over(c.B)
		if f.Gray {
			values[i] = luma(red, green, blue)
			continue
		}
		values[i], values[n+i], values[2*n+i] = red, green, blue
	}
	return values
}

// luma returns the brightness of a colour by ITU-R BT.601, as in JPEG.
func luma(red, green, blue float32) float32 {
	return min(1, 0.299*red+0.587*green+0.114*blue)
}
