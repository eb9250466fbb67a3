package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// ConvShape is the geometry of a convolution: Rows x Cols places of a window in each of
// the images. The vertical axis comes first.
type ConvShape struct {
	Images, Channels, Height, Width, Rows, Cols int32
	Kernel, Stride, Padding, Dilation           [2]int32
}

// ConvGather is the kernel "conv_gather": it sets Col, of the shape (images, elements of
// the window, places), to what is under the window.
type ConvGather struct {
	Col, X remote.Pointer
	Shape  ConvShape
}

// ConvScatter is the kernel "conv_scatter", the derivative of ConvGather. Where an element
// is under the window at several places, the sums are those of so many rows of places
// after the other, in each in the order of the elements of the window.
type ConvScatter struct {
	X, Col    remote.Pointer
	Shape     ConvShape
	BlockRows int32
	_         int32
}

// ConvParts is the kernel "conv_parts", the sum of Parts arrays of N elements in their
// order.
type ConvParts struct {
	Y, X  remote.Pointer
	N     int64
	Parts int32
	_     int32
}

// TileShape is the geometry of minimal filtering with Down x Across tiles in an image.
// Component e of tile i of channel c of all images is element
// (e*Channels+c)*Images*Down*Across+i.
type TileShape struct {
	Images, Channels, Height, Width, Down, Across int32
	Padding                                       [2]int32
}

// Tiles returns the number of tiles of a channel in all images.
func (s TileShape) Tiles() int { return int(s.Images) * int(s.Down) * int(s.Across) }

// Tiles is the kernels "tiles_of_input" and "tiles_of_gradient", package conv's
// TilesOfInput and TilesOfGradient. The shape is that of x; for gradients, the padding is
// not of use.
type Tiles struct {
	Tiles, X remote.Pointer
	Shape    TileShape
}

// OutputOfTiles is the kernel "output_of_tiles", with the shape of y.
type OutputOfTiles struct {
	Y, Tiles remote.Pointer
	Bias     remote.Pointer // 0: none
	Shape    TileShape
	ReLU     int32
	_        int32
}

// ComponentsOfFilters is the kernel "components_of_filters": U is 16 matrices of shape
// (Outputs, Inputs).
type ComponentsOfFilters struct {
	U, W            remote.Pointer
	Outputs, Inputs int32
	Turned          int32 // 1: w has the shape (Inputs, Outputs, 3, 3) and is turned by half a turn
	_               int32
}

// FiltersOfComponents is the kernel "filters_of_components", the derivative of
// ComponentsOfFilters, from the sum of Parts of what it computes.
type FiltersOfComponents struct {
	W, U  remote.Pointer
	N     int64 // filters times channels
	Parts int32
	_     int32
}
