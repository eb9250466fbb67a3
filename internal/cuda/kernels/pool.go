package kernels

import "github.com/gorgonia-dropout/dropout/internal/cuda/remote"

// PoolShape is the geometry of pooling: Rows x Cols places of a window in each plane of
// Height x Width. The window is as in nn.MaxPool2d, the vertical axis first.
type PoolShape struct {
	Planes, Height, Width, Rows, Cols int32
	Kernel, Stride, Padding, Dilation [2]int32
	_                                 int32
}

// MaxPool is the kernel "max_pool", nn.MaxPool2d.
type MaxPool struct {
	Y, X  remote.Pointer
	Shape PoolShape
}

// MaxPoolBack is the kernel "max_pool_back", the derivative of nn.MaxPool2d.
type MaxPoolBack struct {
	DX, X, Y, DY remote.Pointer
	Shape        PoolShape
}

// ChannelSum is the kernel "channel_sum", the gradient of the bias of nn.Conv2d: the sums
// of the channels of images whose planes have Plane elements. A block has a channel.
type ChannelSum struct {
	Sums, X                 remote.Pointer
	Images, Channels, Plane int32
	_                       int32
}
